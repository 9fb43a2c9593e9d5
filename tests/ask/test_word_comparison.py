"""Words beside words and sources beside sources, against what other questions answer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hartonomous.ask.relations.affinity import contested
from hartonomous.ask.relations.contradictions import contradictions
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph
from hartonomous.graph.procedures import install
from tests.building import WORDS, bundle_of, put_in, silent, write_vectors
from tests.called_rows import as_called, called

CHOSEN = [word for word in WORDS if word.isalpha()][:40]


@pytest.fixture
def asked(graph: Graph, tmp_path: Path, rng: np.random.Generator) -> Graph:
    """Two sources; the second knows fewer words."""
    for name, words in (("one", CHOSEN), ("two", CHOSEN[:25])):
        path = write_vectors(tmp_path / name, words, rng.normal(size=(len(words), 6)))
        put_in(graph, bundle_of(path, tmp_path / f"b-{name}", k=6), name)
    return graph


def test_contradictions_are_the_widest_of_all_contested_pairs(asked: Graph) -> None:
    expected = {
        frozenset((word, row["neighbour"])): row["spread"]
        for word in CHOSEN
        for row in contested(asked, word, top=100)
    }
    found = contradictions(asked, len(expected), silent)
    assert {frozenset((row["start"], row["end"])): row["spread"] for row in found} == expected
    assert contradictions(asked, 5, silent) == found[:5]
    assert as_called(asked.read(query("ask/contradictions"), top=500, all=True)) == as_called(found)
    install(asked)
    for top in (5, 300):
        rows = called(asked, "ask/contradictions", "contradictions($top)", top=top)
        assert rows == as_called(found[:top])
    row = found[0]
    beside = next(r for r in contested(asked, row["start"], 100) if r["neighbour"] == row["end"])
    assert all(row[name] == beside[name] for name in ("most", "most_odds", "least", "least_odds"))
