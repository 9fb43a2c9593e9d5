"""The Merkle tree of RFC 6962 and RFC 9162: roots, and proofs that can be verified without the
tree.

A leaf's hash is SHA-256 of 0x00 and its bytes, a node's SHA-256 of 0x01 and its two children; a
tree of n leaves has the largest power of two below n on its left. Hashes are 32 bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256


def leaf_hash(leaf: bytes) -> bytes:
    """Return the hash of a leaf's bytes.

    >>> leaf_hash(b"").hex()[:16]
    '6e340b9cffb37a98'
    """
    return sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of a node over its children's hashes."""
    return sha256(b"\x01" + left + right).digest()


def root(leaves: Sequence[bytes]) -> bytes:
    """Return the root over leaf hashes; the root of an empty tree is the hash of the empty string.

    >>> root([]).hex()[:16], root([leaf_hash(b"")]) == leaf_hash(b"")
    ('e3b0c44298fc1c14', True)
    """
    if not leaves:
        return sha256().digest()
    level = list(leaves)
    # A last hash without a sibling moves up unchanged: the same tree, one level at a time.
    while len(level) > 1:
        rest = level[-1:] if len(level) % 2 else []
        pairs = zip(level[:-1:2], level[1::2], strict=True)
        level = [node_hash(left, right) for left, right in pairs] + rest
    return level[0]


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """Return the hashes on the path from a leaf hash to the root, RFC 9162 section 2.1.3.1.

    Raises IndexError if there is no such leaf.
    """
    if not 0 <= index < len(leaves):
        raise IndexError(f"There is no leaf {index} among {len(leaves)}.")
    if len(leaves) == 1:
        return []
    split = _split(len(leaves))
    if index < split:
        return [*inclusion_proof(leaves[:split], index), root(leaves[split:])]
    return [*inclusion_proof(leaves[split:], index - split), root(leaves[:split])]


def consistency_proof(leaves: Sequence[bytes], size: int) -> list[bytes]:
    """Return the hashes that prove that the first `size` leaves are a prefix of the tree, section
    2.1.4.1.

    Raises IndexError unless 1 <= size <= number of leaves.
    """
    if not 1 <= size <= len(leaves):
        raise IndexError(f"{len(leaves)} leaves do not begin with {size}.")
    return _subproof(leaves, size, whole=True)


def _subproof(leaves: Sequence[bytes], size: int, whole: bool) -> list[bytes]:
    if size == len(leaves):
        return [] if whole else [root(leaves)]
    split = _split(len(leaves))
    if size <= split:
        return [*_subproof(leaves[:split], size, whole), root(leaves[split:])]
    return [*_subproof(leaves[split:], size - split, False), root(leaves[:split])]


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


def verify_consistency(
    old_size: int, new_size: int, proof: Sequence[bytes], old: bytes, new: bytes
) -> bool:
    """Return whether the tree with root `old` is a prefix of the tree with root `new`.

    RFC 9162 section 2.1.4.2; the empty tree is a prefix of every tree, with an empty proof.
    """
    if old_size == new_size:
        return not proof and old == new and (old_size > 0 or old == root([]))
    if not 0 <= old_size < new_size or any(len(part) != 32 for part in (old, new, *proof)):
        return False
    if old_size == 0:
        return not proof and old == root([])
    path = list(proof) if old_size & (old_size - 1) else [old, *proof]
    if not path:
        return False
    place, last = old_size - 1, new_size - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    left = right = path[0]
    for part in path[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            left, right = node_hash(part, left), node_hash(part, right)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            right = node_hash(right, part)
        place, last = place >> 1, last >> 1
    return last == 0 and left == old and right == new


def _split(size: int) -> int:
    """Return the largest power of two below a size of at least 2."""
    return 1 << (size - 1).bit_length() - 1
