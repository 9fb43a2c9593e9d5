"""Affinity, analogies and contested pairs in Cypher, against plain Python over the same rows."""

from __future__ import annotations

from collections import defaultdict
from math import floor, log10, sqrt
from pathlib import Path

import numpy as np
import pytest

from hartonomous.ask.relations.affinity import affinity, analogy, contested
from hartonomous.ask.relations.explanation import explain
from hartonomous.errors import NotFound
from hartonomous.graph.driver import Graph
from tests.building import WORDS, bundle_of, put_in, write_vectors
from tests.called_rows import as_called, called

CHOSEN = [word for word in WORDS if word.isalpha()][:40]
Rows = dict[str, dict[str, int]] | dict[str, dict[str, float]]


@pytest.fixture
def asked(graph: Graph, tmp_path: Path, rng: np.random.Generator) -> Graph:
    """Two sources; the second knows fewer words."""
    for name, words in (("one", CHOSEN), ("two", CHOSEN[:25])):
        path = write_vectors(tmp_path / name, words, rng.normal(size=(len(words), 6)))
        put_in(graph, bundle_of(path, tmp_path / f"b-{name}", k=6), name)
    return graph


def rows_of(graph: Graph) -> Rows:
    """Return each word's row: its neighbours' decades above 0, and itself at their maximum."""
    rows: Rows = defaultdict(dict)
    found = graph.read(
        "MATCH (a)-[r:RELATES]-(b) WHERE r.decades > 0 "
        "RETURN a.text AS a, b.text AS b, r.decades AS decades"
    )
    for row in found:
        rows[row["a"]][row["b"]] = row["decades"]
    for word, row in rows.items():
        row[word] = max(row.values())
    return rows


def cosine(rows: Rows, first: str, second: str) -> float:
    a, b = rows[first], rows[second]
    dot = sum(value * b.get(word, 0) for word, value in a.items())
    return dot and dot / sqrt(sum(v * v for v in a.values()) * sum(v * v for v in b.values()))


def test_affinity_is_consensus_and_overlap(asked: Graph) -> None:
    rows = rows_of(asked)
    pairs = [(first, second) for first in CHOSEN[:8] for second in CHOSEN[1:30] if first != second]
    adjacent = 0
    for first, second in pairs:
        found = affinity(asked, first, second)
        overlap = cosine(rows, first, second)
        assert found["overlap"] == pytest.approx(overlap, abs=1e-12)
        expected = found["consensus"] + floor(800 * (log10(overlap + 0.01) + 2) + 0.5)
        assert found["affinity"] == expected
        if found["related"]:
            adjacent += 1
            assert found["consensus"] == explain(asked, first, second).relation["consensus"]
        else:
            assert found["consensus"] < 1500
    assert 0 < adjacent < len(pairs)
    assert affinity(asked, CHOSEN[0], CHOSEN[0])["overlap"] == pytest.approx(1.0)
    shown = called(asked, "ask/affinity", f"affinity('{CHOSEN[0]}', '{CHOSEN[1]}')")
    assert shown == as_called([affinity(asked, CHOSEN[0], CHOSEN[1])])


def test_affinity_is_the_same_both_ways(asked: Graph) -> None:
    there, back = affinity(asked, CHOSEN[0], CHOSEN[9]), affinity(asked, CHOSEN[9], CHOSEN[0])
    assert there["affinity"] == back["affinity"]


def track_rows(graph: Graph, source: str) -> dict[str, dict[str, float]]:
    """Return each word's row in a track: support times cubed similarity, and itself at the maximum."""
    rows: dict[str, dict[str, float]] = defaultdict(dict)
    found = graph.read(
        "MATCH (a)-[e:EMBEDDING_EVIDENCE {source: $source}]-(b) WHERE e.support > 0 "
        "RETURN a.text AS a, b.text AS b, e.support AS support, e.weight / 1e6 / e.n AS mean",
        source=source,
    )
    for row in found:
        rows[row["a"]][row["b"]] = row["support"] * row["mean"] ** 3
    for word, row in rows.items():
        row[word] = max(row.values())
    return rows


def test_an_analogy_is_the_nearest_by_3cosmul_over_all_tracks(asked: Graph) -> None:
    votes = {
        row["source"]: row["vote"]
        for row in asked.read("MATCH (t:Track) RETURN t.source AS source, t.vote AS vote")
    }
    tracks = {source: track_rows(asked, source) for source in votes}

    def like(word: str, other: str) -> float:
        parts = (
            vote * cosine(tracks[source], word, other)
            for source, vote in votes.items()
            if word in tracks[source] and other in tracks[source]
        )
        return sum(parts) / sum(votes.values())

    related = rows_of(asked)
    first, second, third = CHOSEN[:3]
    near = set().union(*(related[word] for word in (first, second, third)))
    scores = {
        word: (like(word, second) + 0.02) * (like(word, third) + 0.02) / (like(word, first) + 0.02)
        for word in near - {first, second, third}
    }
    found = analogy(asked, first, second, third, top=5)
    assert [row["score"] for row in found] == pytest.approx(sorted(scores.values())[::-1][:5])
    for row in found:
        assert row["score"] == pytest.approx(scores[row["answer"]])
        assert row["like_second"] == pytest.approx(like(row["answer"], second))
        assert row["sources"] == [
            source
            for source in sorted(votes)
            if min(cosine(tracks[source], row["answer"], word) for word in (second, third)) > 0
        ]


def rise(graph: Graph, source: str, first: str, second: str) -> int:
    """Return by how much the odds of a silent source rise with the overlap of two words in it."""
    rows = track_rows(graph, source)
    one, other = set(rows[first]) - {first}, set(rows[second]) - {second}
    overlap = len(one & other) / sqrt((1 + len(one)) * (1 + len(other)))
    return floor(2000 * (log10(overlap + 0.01) + 2) + 0.5)


def test_contested_pairs_are_those_the_sources_see_differently(asked: Graph) -> None:
    found = contested(asked, CHOSEN[0], top=50)
    assert found
    assert [row["spread"] for row in found] == sorted((r["spread"] for r in found), reverse=True)
    for row in found[:5]:
        said = {
            t["source"]: t["support"]
            + (0 if t["observed"] else rise(asked, t["source"], CHOSEN[0], row["neighbour"]))
            for t in explain(asked, CHOSEN[0], row["neighbour"]).tracks
        }
        assert row["most_odds"] == max(said.values()) == said[row["most"]]
        assert row["least_odds"] == min(said.values()) == said[row["least"]]
        assert row["neighbour"] in CHOSEN[:25]


def test_words_that_are_not_there(asked: Graph) -> None:
    with pytest.raises(NotFound, match="zzz"):
        affinity(asked, "zzz", CHOSEN[0])
    with pytest.raises(NotFound, match="zzz"):
        analogy(asked, CHOSEN[0], "zzz", CHOSEN[1])
    with pytest.raises(NotFound, match="zzz"):
        contested(asked, "zzz")
