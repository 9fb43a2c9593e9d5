"""Evidence as columns: one row per pair, type and source.

A pair's ends are indexes into the bundle's compositions, which are sorted by key; so in undirected
types `start < end` is equivalent to `low key -> high key`.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from hartonomous.errors import BadInput
from hartonomous.schema import MICRO, EvidenceType

COMPOSITIONS = pa.schema(
    [
        pa.field("key", pa.string(), nullable=False),
        pa.field("text", pa.string(), nullable=False),
        pa.field("kind", pa.string(), nullable=False),
    ]
)
"""Columns of a bundle's compositions, sorted by key."""

CONTEXTS = pa.schema(
    [
        pa.field("composition", pa.int32(), nullable=False),
        pa.field("n", pa.int64(), nullable=False),
        pa.field("mass", pa.int64(), nullable=False),
        pa.field("prefix", pa.int32(), nullable=False),
        pa.field("suffix", pa.int32(), nullable=False),
        pa.field("token", pa.int32(), nullable=False),
    ]
)
"""Columns of visited contexts, sorted by composition: visits, missing mass, and for a context its
prefix, its suffix and its last token, else -1.
"""

_COUNTED = [
    pa.field("start", pa.int32(), nullable=False),
    pa.field("end", pa.int32(), nullable=False),
    pa.field("n", pa.int32(), nullable=False),
    pa.field("weight", pa.int64(), nullable=False),
]
_VECTOR = [
    pa.field("directed", pa.int32(), nullable=False),
    pa.field("rank", pa.int32(), nullable=False),
    pa.field("support", pa.int32(), nullable=False),
    pa.field("positions", pa.list_(pa.field("item", pa.int16(), nullable=False)), nullable=False),
]


def columns(evidence: EvidenceType) -> pa.Schema:
    """Return the Arrow schema of one type's rows, sorted by (start, end)."""
    return pa.schema(_COUNTED + (_VECTOR if evidence.vector else []))


def check(table: pa.Table, evidence: EvidenceType, compositions: int) -> None:
    """Raise BadInput unless the rows are valid for their type.

    `table` has the columns of `columns(evidence)`, `compositions` is N. Ends in [0, N), pairs
    strictly ascending, no pair of a composition with itself, undirected pairs low to high, counts
    within their bounds.
    """
    if table.schema != columns(evidence):
        raise BadInput(f"{evidence.name}: the columns are {table.schema.names}, not the format's.")
    if not table.num_rows:
        return
    start, end = table["start"].to_numpy(), table["end"].to_numpy()
    n, weight = table["n"].to_numpy(), table["weight"].to_numpy()
    pair = start.astype(np.int64) * compositions + end
    sound = {
        "an end outside the compositions": _within(start, compositions)
        & _within(end, compositions),
        "a pair of a composition with itself": start != end,
        "pairs out of order or twice": np.diff(pair, prepend=-1) > 0,
        "a count below 1": n >= 1,
        "a weight outside [0, n]": (weight >= 0) & (weight <= n.astype(np.int64) * MICRO),
    }
    if not evidence.directed:
        sound["an undirected pair stored high to low"] = start < end
    if evidence.vector:
        directed = table["directed"].to_numpy()
        sound["more directions than 2n, or fewer than n"] = (directed >= n) & (directed <= 2 * n)
        seen = pc.list_value_length(table["positions"]).to_numpy()
        sound["positions other than n"] = seen == n
    for fault, good in sound.items():
        if not good.all():
            row = int(np.argmin(good))
            raise BadInput(f"{evidence.name}: row {row} has {fault}; extract the bundle again.")


def check_contexts(table: pa.Table, compositions: int) -> None:
    """Raise BadInput unless the rows are valid.

    `table` has the columns of CONTEXTS, `compositions` is N.
    """
    if table.schema != CONTEXTS:
        raise BadInput(f"Contexts: the columns are {table.schema.names}, not the format's.")
    column = {name: table[name].to_numpy() for name in table.schema.names}
    joins = np.stack([column[name] for name in ("prefix", "suffix", "token")])
    sound = {
        "an end outside the compositions": _within(column["composition"], compositions)
        & (joins >= -1).all(axis=0)
        & (joins < compositions).all(axis=0),
        "contexts out of order or twice": np.diff(column["composition"], prepend=-1) > 0,
        "a count below 1": column["n"] >= 1,
        "a mass below 0": column["mass"] >= 0,
        "a context joined by half": (joins >= 0).all(axis=0) | (joins < 0).all(axis=0),
    }
    for fault, good in sound.items():
        if not good.all():
            row = int(np.argmin(good))
            raise BadInput(f"Contexts: row {row} has {fault}; extract the bundle again.")


def _within(index: NDArray[np.int32], size: int) -> NDArray[np.bool_]:
    return (index >= 0) & (index < size)


DIGEST_LANES = 4
_SEEDS = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F)


def digest(table: pa.Table | pa.RecordBatch, keys: NDArray[np.uint64]) -> list[int]:
    """Return four sums over the rows, each of one 32-bit hash per row: equal sets have equal sums.

    `keys` is (N, 2) uint64, the composition keys. The sums add up over batches in any order, and
    removing rows subtracts; they detect accidental changes, not an attacker.
    """
    start, end = table["start"].to_numpy(), table["end"].to_numpy()
    parts = [keys[start, 0], keys[start, 1], keys[end, 0], keys[end, 1]]
    counted = [name for name in table.schema.names if name not in ("start", "end", "positions")]
    parts += [table[name].to_numpy().astype(np.uint64) for name in counted]
    if "positions" in table.schema.names:
        parts.append(_positions_hash(table["positions"]))
    lanes: list[int] = []
    for seed in _SEEDS:
        value = np.full(len(start), seed, dtype=np.uint64)
        for part in parts:
            value = _mixed(value ^ part)
        lanes += [int((value >> np.uint64(32)).sum()), int((value & np.uint64(0xFFFFFFFF)).sum())]
    return lanes


VISIT_MODULUS = 1 << 62
"""The sum of two numbers below it fits the database's integers."""


def visit_digest(
    keys: NDArray[np.uint64], n: NDArray[np.int64], mass: NDArray[np.int64]
) -> list[int]:
    """Return the number of visits, and four sums over them, each in [0, VISIT_MODULUS).

    `keys` is (m, 2) uint64, the keys of the visited contexts; `n` and `mass` are (m,) int64, mass
    in micro-units. The sums are linear in `n` and in `mass`, so changes can be added without
    reading the rest; every change of a single number changes them all.
    """
    return [len(n), *_visit_sums(keys, n, mass, 1)]


def mass_digest(keys: NDArray[np.uint64], added: NDArray[np.int64]) -> list[int]:
    """Return the change of a digest of visits if `added` (m,) int64 is added to the mass of those
    with these keys (m, 2).
    """
    return [0, *_visit_sums(keys, np.zeros_like(added), added, 0)]


def summed(digest: list[int], more: list[int], sign: int = 1) -> list[int]:
    """Return a digest of visits with another added to it, or subtracted from it."""
    return [(a + sign * b) % VISIT_MODULUS for a, b in zip(digest, more, strict=True)]


def _visit_sums(
    keys: NDArray[np.uint64], n: NDArray[np.int64], mass: NDArray[np.int64], present: int
) -> list[int]:
    sums = []
    for seed in (*_SEEDS, *(seed ^ 0xFFFFFFFFFFFFFFFF for seed in _SEEDS)):
        value = np.full(len(keys), seed, dtype=np.uint64)
        for part in (keys[:, 0], keys[:, 1]):
            value = _mixed(value ^ part)
        # Odd factors: no change of a number is then a multiple of the modulus.
        times, weight = value | np.uint64(1), _mixed(value) | np.uint64(1)
        total = times * n.astype(np.uint64) + weight * mass.astype(np.int64).astype(np.uint64)
        total += _mixed(weight) * np.uint64(present)
        sums.append(int(total.sum(dtype=np.uint64)) % VISIT_MODULUS)
    return sums


def key_columns(keys: pa.ChunkedArray) -> NDArray[np.uint64]:
    """Return composition keys, 32 hexadecimal digits each, as (N, 2) uint64."""
    joined = bytes.fromhex("".join(keys.to_pylist()))
    return np.frombuffer(joined, dtype=">u8").astype(np.uint64).reshape(-1, 2)


def _positions_hash(positions: pa.Array | pa.ChunkedArray) -> NDArray[np.uint64]:
    lists = positions.combine_chunks() if isinstance(positions, pa.ChunkedArray) else positions
    counts = pc.list_value_length(lists).to_numpy(zero_copy_only=False)
    values = _mixed(lists.flatten().to_numpy(zero_copy_only=False).astype(np.uint64))
    row = np.repeat(np.arange(len(counts)), counts)
    sums = np.zeros(len(counts), dtype=np.uint64)
    np.add.at(sums, row, values)
    return sums


def _mixed(value: NDArray[np.uint64]) -> NDArray[np.uint64]:
    # splitmix64 (Steele, Lea, Flood 2014); overflow is intended.
    value = value + np.uint64(0x9E3779B97F4A7C15)
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))
