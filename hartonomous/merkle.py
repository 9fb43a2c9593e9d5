"""The Merkle tree of RFC 6962 and RFC 9162: roots, and proofs that can be verified without the
tree.

A leaf's hash is SHA-256 of 0x00 and its bytes, a node's SHA-256 of 0x01 and its two children; a
tree of n leaves has the largest power of two below n on its left. Hashes are 32 bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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


def streamed_root(leaves: Iterable[bytes]) -> bytes:
    """Return the root over leaf hashes that come one by one; only a path of the tree is kept.

    >>> leaves = [leaf_hash(bytes([number])) for number in range(11)]
    >>> streamed_root(iter(leaves)) == root(leaves)
    True
    """
    # Whole subtrees, the largest first; no two are of the same size.
    subtrees: list[tuple[int, bytes]] = []
    for leaf in leaves:
        size, found = 1, leaf
        while subtrees and subtrees[-1][0] == size:
            found = node_hash(subtrees.pop()[1], found)
            size *= 2
        subtrees.append((size, found))
    if not subtrees:
        return root(())
    found = subtrees.pop()[1]
    while subtrees:
        found = node_hash(subtrees.pop()[1], found)
    return found


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


def _split(size: int) -> int:
    """Return the largest power of two below a size of at least 2."""
    return 1 << (size - 1).bit_length() - 1
