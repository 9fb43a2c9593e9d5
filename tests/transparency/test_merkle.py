"""The Merkle tree against RFC 9162's own definition, and against every way to bend a proof."""

from __future__ import annotations

import json
from base64 import b64decode
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hartonomous.merkle import (
    inclusion_proof,
    leaf_hash,
    node_hash,
    root,
)
from tests.inclusion_proofs import verify_inclusion

CT_LEAVES = [
    bytes.fromhex(leaf)
    for leaf in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
CT_ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
"""The roots over the first leaves that Certificate Transparency's implementations share."""

VECTORS = json.loads((Path(__file__).parent / "vectors" / "merkle.json").read_text("utf-8"))
"""Proofs good and bad of transparency-dev/merkle (Apache-2.0, its licence beside them)."""

SIZES = [*range(1, 20), 31, 32, 33, 100]


def defined_root(leaves: list[bytes]) -> bytes:
    """RFC 9162 section 2.1.1, word by word."""
    if not leaves:
        return sha256().digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while 2 * split < len(leaves):
        split *= 2
    return node_hash(defined_root(leaves[:split]), defined_root(leaves[split:]))


def tree(rng: np.random.Generator, size: int) -> list[bytes]:
    return [leaf_hash(rng.bytes(8)) for _ in range(size)]


@pytest.mark.parametrize("size", range(9))
def test_the_classic_roots(size: int) -> None:
    assert root([leaf_hash(leaf) for leaf in CT_LEAVES[:size]]).hex() == CT_ROOTS[size]


@pytest.mark.parametrize("size", SIZES)
def test_every_proof_of_a_tree_holds(rng: np.random.Generator, size: int) -> None:
    leaves = tree(rng, size)
    whole = root(leaves)
    assert whole == defined_root(leaves)
    for index, leaf in enumerate(leaves):
        assert verify_inclusion(leaf, index, size, inclusion_proof(leaves, index), whole)


def bent(proof: list[bytes], others: list[bytes]) -> list[list[bytes]]:
    """Proofs with a bit turned, a hash missing, doubled, or of something else before or behind."""
    turned = [
        [*proof[:at], bytes([part[0] ^ 16, *part[1:]]), *proof[at + 1 :]]
        for at, part in enumerate(proof)
    ]
    wrong = [*turned, [*proof, b""], [b"", *proof], [*proof, bytes(32)], [bytes(32), *proof]]
    wrong += [[*proof, other] for other in others] + [[other, *proof] for other in others]
    if proof:
        wrong += [proof[:-1], proof[1:], [], [*proof, proof[-1]], [proof[0], *proof]]
        wrong += [[*proof[:-1], proof[-1][:31]]]
    return wrong


@pytest.mark.parametrize("size", [2, 3, 5, 8, 13])
def test_no_bent_inclusion_proof_holds(rng: np.random.Generator, size: int) -> None:
    leaves = tree(rng, size)
    whole = root(leaves)
    for index, leaf in enumerate(leaves):
        proof = inclusion_proof(leaves, index)
        for wrong in bent(proof, [leaf, whole]):
            assert not verify_inclusion(leaf, index, size, wrong, whole)
        for other in {*range(-1, size + 2), index ^ 2, index ^ 4} - {index}:
            assert not verify_inclusion(leaf, other, size, proof, whole)
        assert not verify_inclusion(leaf, index, 0, proof, whole)
        assert not verify_inclusion(leaf_hash(b"other"), index, size, proof, whole)
        assert not verify_inclusion(leaf, index, size, proof, bytes(32))
        assert not verify_inclusion(leaf[:31], index, size, proof, whole)


def test_a_leaf_outside_the_tree_has_no_proof() -> None:
    with pytest.raises(IndexError):
        inclusion_proof([leaf_hash(b"one")], 1)


def decoded(case: dict[str, Any], name: str) -> bytes:
    return b64decode(case[name] or "")


@pytest.mark.parametrize("case", VECTORS["inclusion"], ids=lambda case: case["file"])
def test_public_vectors_of_inclusion(case: dict[str, Any]) -> None:
    proof = [b64decode(part) for part in case["proof"] or ()]
    found = verify_inclusion(
        decoded(case, "leafHash"), case["leafIdx"], case["treeSize"], proof, decoded(case, "root")
    )
    assert found is not case["wantErr"]
