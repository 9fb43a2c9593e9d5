"""The check of an inclusion proof, which commands leave to whoever holds one."""

from __future__ import annotations

from collections.abc import Sequence

from hartonomous.merkle import node_hash


def verify_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], expected: bytes
) -> bool:
    """Return whether a leaf hash is at `index` of the tree of `size` leaves with that root.

    RFC 9162 section 2.1.3.2.
    """
    if not 0 <= index < size or any(len(part) != 32 for part in (leaf, expected, *proof)):
        return False
    place, last, value = index, size - 1, leaf
    for part in proof:
        if last == 0:
            return False
        if place & 1 or place == last:
            value = node_hash(part, value)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            value = node_hash(value, part)
        place, last = place >> 1, last >> 1
    return last == 0 and value == expected
