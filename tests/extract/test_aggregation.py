"""Evidence rows against a slow reference that follows the definitions word by word."""

from __future__ import annotations

from math import log10

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from hartonomous.evidence import DIGEST_LANES, allowed_ends, check, digest, key_columns
from hartonomous.extract.aggregation import Aggregator
from hartonomous.extract.search.nearest_neighbours import Neighbours
from hartonomous.extract.track_trust import trust
from hartonomous.identity import composition_keys
from hartonomous.odds import absent_constant, chance
from hartonomous.schema import evidence_type

HEADS = evidence_type("HEAD_EVIDENCE")


def found_at(rng: np.random.Generator, n: int, k: int) -> Neighbours:
    indices = np.array(
        [rng.permutation([j for j in range(n) if j != i])[:k] for i in range(n)], dtype=np.int32
    )
    table = rng.uniform(-1, 1, size=(n, n))
    similarities = (table + table.T)[np.arange(n)[:, None], indices] / 2
    return Neighbours(indices, similarities, 1.0)


def reference(found: list[Neighbours], n: int, k: int, minimum: int) -> list[dict]:
    pairs: dict[tuple[int, int], dict] = {}
    for position, lists in enumerate(found):
        for i in range(n):
            for place, j in enumerate(lists.indices[i]):
                pair = pairs.setdefault(
                    (min(i, j), max(i, j)), {"seen": {}, "directed": 0, "rank": 0}
                )
                cosine = max(0.0, lists.similarities[i, place])
                pair["seen"][position] = int(np.rint(1e6 * cosine))
                pair["directed"] += 1
                pair["rank"] += int(np.rint(1000 * log10((k + 1) / (place + 1))))
    p0, positions = chance(k, n), len(found)
    rows = []
    for (start, end), pair in sorted(pairs.items()):
        if len(pair["seen"]) < minimum:
            continue
        d = pair["directed"]
        odds = log10((d + p0) / (2 * positions - d + 1 - p0)) - log10(p0 / (1 - p0))
        rows.append(
            {
                "start": start,
                "end": end,
                "n": len(pair["seen"]),
                "weight": sum(pair["seen"].values()),
                "directed": d,
                "rank": pair["rank"],
                "support": int(np.rint(1000 * odds)) + pair["rank"] // d,
                "positions": sorted(pair["seen"]),
            }
        )
    return rows


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**31),
    n=st.integers(3, 25),
    k=st.integers(1, 6),
    positions=st.integers(1, 5),
    minimum=st.integers(1, 2),
    memory=st.sampled_from([0, 200, 1 << 20]),
)
def test_rows_equal_the_reference_whatever_is_spilled(
    seed: int, n: int, k: int, positions: int, minimum: int, memory: int
) -> None:
    k = min(k, n - 1)
    rng = np.random.default_rng(seed)
    found = [found_at(rng, n, k) for _ in range(positions)]
    with Aggregator(HEADS, n, positions, k, minimum, memory) as aggregator:
        aggregator._buckets = min(n, 3)
        aggregator._held = [[] for _ in range(aggregator._buckets)]
        for position, lists in enumerate(found):
            aggregator.add(position, lists)
        table = pa.concat_tables(aggregator.tables())
    expected = reference(found, n, k, minimum)
    assert table.to_pylist() == expected
    check(table, HEADS, allowed_ends(HEADS, np.full(n, "Token", dtype=object)))
    assert aggregator.rows == len(expected)
    assert aggregator.observations == sum(row["directed"] for row in expected)
    assert aggregator.below == len(reference(found, n, k, 1)) - len(expected)


def test_vectors_without_direction_are_not_listed() -> None:
    lists = Neighbours(np.array([[1], [-1], [0]], dtype=np.int32), np.zeros((3, 1)), 1.0)
    with Aggregator(HEADS, 3, 1, 1) as aggregator:
        aggregator.add(0, lists)
        table = pa.concat_tables(aggregator.tables())
    assert table.select(["start", "end"]).to_pylist() == [
        {"start": 0, "end": 1},
        {"start": 0, "end": 2},
    ]


def test_the_digest_adds_up_and_sees_every_column() -> None:
    rng = np.random.default_rng(5)
    with Aggregator(HEADS, 20, 1, 4) as aggregator:
        aggregator.add(0, found_at(rng, 20, 4))
        table = pa.concat_tables(aggregator.tables())
    keys = key_columns(pa.chunked_array([composition_keys(["Token"] * 20, map(str, range(20)))]))
    whole = digest(table, keys)
    assert len(whole) == DIGEST_LANES
    parts = [digest(table.slice(0, 7), keys), digest(table.slice(7), keys)]
    assert whole == [a + b for a, b in zip(*parts, strict=True)]
    for name in table.schema.names:
        changed = table[name].to_pylist()
        changed[0] = [9] if name == "positions" else changed[0] + 1 if name != "start" else 19
        place = table.schema.names.index(name)
        other = table.set_column(
            place, table.schema.field(name), pa.array(changed, table[name].type)
        )
        assert digest(other, keys) != whole


def test_the_rating_reports_constants() -> None:
    """Heads cut at support 5 of 72: a mean of 0.144 listings gives about -228; none, -2162."""
    n = 29_523
    assert abs(absent_constant(72, 50, n, 0.144) + 228) < 15
    assert absent_constant(72, 50, n) < -2000
    assert chance(50, 3) == 0.5


def test_trust_follows_the_spread_of_the_vectors(rng: np.random.Generator) -> None:
    wide, flat = rng.normal(size=(2000, 300)), rng.normal(size=(2000, 300))
    flat[:, 20:] *= 0.01
    assert trust([lambda: wide.astype(np.float32)]) == 1000
    assert 100 <= trust([lambda: flat.astype(np.float32)]) < 200
    assert trust([lambda: np.ones((1, 4), dtype=np.float32)]) == 100
