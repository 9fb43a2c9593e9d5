"""Evidence as columns: one row per pair, type and source.

A pair's ends are indexes into the bundle's compositions, which are sorted by key; so in undirected
types `start < end` is equivalent to `low key -> high key`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from hartonomous.errors import BadInput
from hartonomous.identity import canonical_json, composition_key
from hartonomous.schema import MICRO, Column, EvidenceType, is_directed, kind_of, kinds

COMPOSITIONS = pa.schema(
    [
        pa.field("key", pa.string(), nullable=False),
        pa.field("text", pa.string(), nullable=False),
        pa.field("kind", pa.string(), nullable=False),
    ]
)
"""Columns of a bundle's compositions, sorted by key."""

OWN = pa.field("properties", pa.string())
"""Last column of compositions some of whose kinds have properties of their own: canonical JSON, else
null."""

_VALUES: dict[str, type | tuple[type, ...]] = {
    "STRING": str,
    "INTEGER": int,
    "FLOAT": (int, float),
    "BOOLEAN": bool,
}


def own_properties(compositions: pa.Table) -> list[dict[str, Any]]:
    """Return the properties that each composition has of its own kind; empty where none has any."""
    if OWN.name not in compositions.schema.names:
        return []
    return [json.loads(text) if text else {} for text in compositions[OWN.name].to_pylist()]


def with_own_properties(compositions: pa.Table, own: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Return compositions with the properties of their kinds as a column, where any has one."""
    said = [{name: value for name, value in one.items() if value is not None} for one in own]
    if not any(said):
        return compositions
    column = pa.array([canonical_json(one) if one else None for one in said], OWN.type)
    return compositions.append_column(OWN, column)


def check_own_properties(compositions: pa.Table) -> None:
    """Raise BadInput unless every property is one of its composition's kind, and of its type."""
    kinds = compositions["kind"].to_pylist()
    for row, (kind, own) in enumerate(zip(kinds, own_properties(compositions), strict=False)):
        for fault in wrong_properties(kind, own):
            raise BadInput(f"Compositions: row {row} has {fault}; extract the bundle again.")


def check_keys(compositions: pa.Table) -> None:
    """Raise BadInput unless every kind is known, and every key that of its kind and text."""
    known, digests = {kind.name for kind in kinds()}, compositions["key"].to_pylist()
    columns = (compositions[name].to_pylist() for name in ("kind", "text"))
    for row, (key, kind, text) in enumerate(zip(digests, *columns, strict=True)):
        if kind not in known:
            raise BadInput(f"Compositions: row {row} is of the kind {kind!r}, which there is not.")
        if composition_key(kind, text) != key:
            raise BadInput(
                f"Compositions: row {row}, the {kind} {text[:50]!r}, has the key of another one; a "
                "composition has one kind and one text. Extract the bundle again."
            )


def wrong_properties(kind: str, own: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is wrong with the properties that a composition has of its own kind."""
    known = {each.name: each.type for each in kind_of(kind).properties}
    for name, value in own.items():
        if name not in known:
            yield f"a property {name!r}, which no {kind} has"
        elif not isinstance(value, _VALUES[known[name]]) or (
            isinstance(value, bool) and known[name] != "BOOLEAN"
        ):
            yield f"{name} {value!r}, which is no {known[name]}"


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

_ENDS = [pa.field(name, pa.int32(), nullable=False) for name in ("start", "end")]


def fields(evidence: EvidenceType) -> list[pa.Field]:
    """Return the Arrow fields of one type's own columns, none of which may be null."""
    return [pa.field(each.name, _arrow_type(each), nullable=False) for each in evidence.columns]


def _arrow_type(column: Column) -> pa.DataType:
    item = pa.type_for_alias(column.arrow)
    return pa.list_(pa.field("item", item, nullable=False)) if column.listed else item


def columns(evidence: EvidenceType) -> pa.Schema:
    """Return the Arrow schema of one type's rows, sorted by (start, end)."""
    return pa.schema([*_ENDS, *fields(evidence)])


def with_later_columns(
    table: pa.Table | pa.RecordBatch, evidence: EvidenceType
) -> pa.Table | pa.RecordBatch:
    """Return rows that an earlier version wrote with its type's later columns, 0 in every row."""
    missing = [each for each in evidence.columns if each.name in evidence.later]
    for column in missing:
        if column.name not in table.schema.names:
            field = pa.field(column.name, _arrow_type(column), nullable=False)
            zeros = pa.array(np.zeros(table.num_rows, dtype=np.int64)).cast(field.type)
            table = table.append_column(field, zeros)
    return table


def number_columns(table: pa.Table | pa.RecordBatch) -> dict[str, NDArray[Any]]:
    """Return the columns of rows that are single numbers, by name, (rows,) each."""
    return {each.name: table[each.name].to_numpy() for each in table.schema if not _is_list(each)}


@dataclass(frozen=True)
class AllowedEnds:
    """Which of N compositions may stand at the start and at the end of a type's rows, (N,) bool each."""

    starts: NDArray[np.bool_]
    ends: NDArray[np.bool_]


def allowed_ends(evidence: EvidenceType, kinds: NDArray[np.object_]) -> AllowedEnds:
    """Return the ends that a type allows among compositions of these kinds, (N,) strings."""
    starts, ends = (np.isin(kinds, list(names)) for names in (evidence.starts, evidence.ends))
    return AllowedEnds(starts, ends)


def check(
    table: pa.Table | pa.RecordBatch,
    evidence: EvidenceType,
    allowed: AllowedEnds,
    last: int = -1,
    first: int = 0,
) -> int:
    """Return the number of the last pair; raise BadInput unless the rows are valid for their type.

    Ends within the compositions and of the kinds that the type allows, pairs strictly ascending, no pair with itself unless the type
    allows it, undirected pairs low to high, counts within their bounds. `last` is what this
    returned for the rows before, `first` the number of the first row, for messages.
    """
    compositions = len(allowed.starts)
    if table.schema != columns(evidence):
        raise BadInput(f"{evidence.name}: the columns are {table.schema.names}, not the format's.")
    if not table.num_rows:
        return last
    start, end = table["start"].to_numpy(), table["end"].to_numpy()
    n, weight = table["n"].to_numpy(), table["weight"].to_numpy()
    pair = start.astype(np.int64) * compositions + end
    sound = {
        "an end outside the compositions": _within(start, compositions)
        & _within(end, compositions),
        "pairs out of order or twice": np.diff(pair, prepend=last) > 0,
        "a count below 1": _counts(table, evidence, n),
        "a weight outside [0, n]": (weight >= 0) & (weight <= n.astype(np.int64) * MICRO),
    }
    if not evidence.loops:
        sound["a pair of a composition with itself"] = start != end
    if not is_directed(evidence):
        sound["an undirected pair stored high to low"] = start <= end
    if "directed" in table.schema.names:
        directed = table["directed"].to_numpy()
        sound["more directions than 2n, or fewer than n"] = (directed >= n) & (directed <= 2 * n)
    if "positions" in table.schema.names:
        seen = pc.list_value_length(table["positions"]).to_numpy()
        sound["positions other than n"] = seen == n
    _refuse_unsound(evidence.name, sound, first)
    of_kinds = {
        f"a start that is none of {', '.join(sorted(evidence.starts))}": allowed.starts[start],
        f"an end that is none of {', '.join(sorted(evidence.ends))}": allowed.ends[end],
    }
    _refuse_unsound(evidence.name, of_kinds, first)
    return int(pair[-1])


def _counts(
    table: pa.Table | pa.RecordBatch, evidence: EvidenceType, n: NDArray[np.int32]
) -> NDArray[np.bool_]:
    """Return which rows count anything: for the pair, or against it."""
    if not evidence.opposes:
        return np.asarray(n >= 1)
    against = table["against"].to_numpy()
    return np.asarray((n >= 0) & (against >= 0) & (n + against >= 1))


def _refuse_unsound(what: str, sound: Mapping[str, NDArray[np.bool_]], first: int = 0) -> None:
    for fault, good in sound.items():
        if not good.all():
            row = first + int(np.argmin(good))
            raise BadInput(f"{what}: row {row} has {fault}; extract the bundle again.")


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
    _refuse_unsound("Contexts", sound)


def _within(index: NDArray[np.int32], size: int) -> NDArray[np.bool_]:
    return (index >= 0) & (index < size)


DIGEST_LANES = 4
_SEEDS = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F)


def digest(
    table: pa.Table | pa.RecordBatch,
    keys: NDArray[np.uint64],
    later: frozenset[str] = frozenset(),
) -> list[int]:
    """Return four sums over the rows, each of one 32-bit hash per row: equal sets have equal sums.

    `keys` is (N, 2) uint64, the composition keys; a column of `later` is no part of the hash of a row
    in which it is 0. The sums add up over batches in any order, and removing rows subtracts; they
    detect accidental changes, not an attacker.
    """
    start, end = table["start"].to_numpy(), table["end"].to_numpy()
    parts = [keys[start, 0], keys[start, 1], keys[end, 0], keys[end, 1]]
    own = [each for each in table.schema if each.name not in ("start", "end")]
    numbers = [each for each in own if not _is_list(each) and each.name not in later]
    # Lists last, as ever: the order is part of the sums.
    parts += [_bits(table[each.name].to_numpy()) for each in numbers]
    parts += [_list_hash(table[each.name]) for each in own if _is_list(each)]
    added = [_bits(table[each.name].to_numpy()) for each in own if each.name in later]
    lanes: list[int] = []
    for seed in _SEEDS:
        value = np.full(len(start), seed, dtype=np.uint64)
        for part in parts:
            value = _mixed(value ^ part)
        for place, part in enumerate(added):
            value = np.where(part == 0, value, _mixed(value ^ part ^ _bits(np.array([place]))))
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


def _is_list(column: pa.Field) -> bool:
    return bool(pa.types.is_list(column.type))


def _bits(values: NDArray[Any]) -> NDArray[np.uint64]:
    """Return numbers as 64 bits each: integers by value, fractions by their IEEE 754 form."""
    if values.dtype.kind == "f":
        # Minus zero is zero.
        return (values.astype(np.float64) + 0.0).view(np.uint64)
    return values.astype(np.uint64)


def _list_hash(column: pa.Array | pa.ChunkedArray) -> NDArray[np.uint64]:
    lists = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    counts = pc.list_value_length(lists).to_numpy(zero_copy_only=False)
    values = _mixed(_bits(lists.flatten().to_numpy(zero_copy_only=False)))
    row = np.repeat(np.arange(len(counts)), counts)
    sums = np.zeros(len(counts), dtype=np.uint64)
    np.add.at(sums, row, values)
    return sums


def text_hashes(texts: pa.Array | pa.ChunkedArray) -> NDArray[np.uint64]:
    """Return a 64-bit hash of each of n texts without null, (n,) uint64; as strong as `digest`."""
    column = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
    raw = column.cast(pa.large_binary())
    _, ends, data = raw.buffers()
    ends = np.frombuffer(ends, dtype=np.int64)[raw.offset : raw.offset + len(raw) + 1]
    joined = np.frombuffer(data or b"", dtype=np.uint8)[ends[:1].sum() : ends[-1:].sum()]
    sizes = np.diff(ends)
    row = np.repeat(np.arange(len(sizes)), sizes)
    position = np.arange(len(joined)) - (ends[:-1] - ends[:1])[row]
    sums = np.zeros(len(sizes), dtype=np.uint64)
    # Each byte with its position, mixed, so that no two changes cancel out.
    mixed = _mixed(joined | (position.astype(np.uint64) << np.uint64(8)))
    np.add.at(sums, row, mixed)
    return _mixed(sums ^ sizes.astype(np.uint64))


def _mixed(value: NDArray[np.uint64]) -> NDArray[np.uint64]:
    # splitmix64 (Steele, Lea, Flood 2014); overflow is intended.
    value = value + np.uint64(0x9E3779B97F4A7C15)
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))
