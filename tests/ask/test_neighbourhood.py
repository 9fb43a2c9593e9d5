"""The same answers from Python and from Cypher; words that are not there; what explains a rating."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hartonomous.ask.relations.explanation import explain
from hartonomous.ask.relations.neighbourhood import find_word, neighbours
from hartonomous.ask.relations.source_statistics import source, sources, stats
from hartonomous.delete.deletion import delete_source
from hartonomous.errors import NotFound, UsageError
from hartonomous.graph import procedures
from hartonomous.graph.driver import Graph
from hartonomous.graph.writer_lock import WriterLock
from hartonomous.rate.formulas import consensus, decades, elo
from tests.building import bundle_of, put_in, silent, write_vectors
from tests.called_rows import as_called, called

WORDS = ["king", "queen", "King", "prince", "##ing", "river", "creek", "lake", "naïve", "Straße"]


@pytest.fixture
def asked(graph: Graph, tmp_path: Path) -> Graph:
    """Two sources that share words; one of them has a piece."""
    for number, words in enumerate((WORDS, [*WORDS[:7], "throne", "crown"])):
        vectors = np.random.default_rng(number).normal(size=(len(words), 5))
        path = write_vectors(tmp_path / str(number), words, vectors)
        put_in(graph, bundle_of(path, tmp_path / f"b{number}", k=4), f"m{number}")
    return graph


def test_python_and_cypher_answer_alike(asked: Graph) -> None:
    rows = neighbours(asked, "king", top=5)
    assert as_called(rows) == called(asked, "ask/neighbours", "neighbours('king', 5)")
    assert [row["consensus"] for row in rows] == sorted(
        (r["consensus"] for r in rows), reverse=True
    )
    by_elo = neighbours(asked, "king", by="elo")
    shown = called(asked, "ask/neighbours", "neighbours('king', 10, 'elo')")
    assert as_called(by_elo) == shown
    answer = explain(asked, "king", rows[0]["neighbour"])
    shown = called(asked, "ask/explain", "explain('king', $other)", other=rows[0]["neighbour"])
    assert as_called(answer.tracks) == shown
    listed = called(asked, "ask/sources", "sources()")
    assert as_called(sources(asked)) == [{**row, "findings": []} for row in listed]
    assert source(asked, "m0")["tracks"][0]["rows"] > 0
    (counted,) = asked.read("CALL custom.hartonomous.stats()")
    assert stats(asked).relations == counted["relations"] > 0


def test_python_is_not_sent_what_a_procedure_draws(asked: Graph) -> None:
    (row, *_) = asked.read("CALL custom.hartonomous.neighbours('king', 1)")
    assert (row["word_node"]["name"], row["neighbour_node"]["name"]) == ("king", row["neighbour"])
    assert row["relation"][1] == "RELATES"
    assert not any(name.endswith("_node") for name in neighbours(asked, "king")[0])
    assert {"relation", "evidence_edge"}.isdisjoint(
        explain(asked, "king", row["neighbour"]).tracks[0]
    )


def test_conditions_hold(asked: Graph) -> None:
    assert all(row["sources"] == 2 for row in neighbours(asked, "king", min_sources=2))
    one = {row["neighbour"] for row in neighbours(asked, "king", source="m0", top=99)}
    assert one
    assert not one & {"throne", "crown"}
    with pytest.raises(NotFound, match="m0, m1"):
        neighbours(asked, "king", source="m9")
    with pytest.raises(UsageError):
        neighbours(asked, "king", by="luck")


def test_exact_case_comes_first_and_pieces_are_hidden(asked: Graph) -> None:
    assert find_word(asked, "King").text == "King"
    assert find_word(asked, "KING").text in ("King", "king")
    assert not find_word(asked, "QUEEN").exact
    assert find_word(asked, "nai\u0308ve").text == "naïve"
    everything = {row["neighbour"] for w in WORDS for row in neighbours(asked, w, 99, pieces=True)}
    assert everything >= {"king"}


def test_an_unknown_word_is_answered_with_near_spellings(asked: Graph) -> None:
    with pytest.raises(NotFound) as error:
        neighbours(asked, "quean")
    assert "queen" in error.value.suggestions
    with pytest.raises(NotFound, match="no similar word"):
        neighbours(asked, "zzzzzzzz")


def test_an_empty_graph_says_so(graph: Graph) -> None:
    with pytest.raises(NotFound, match="hartonomous ingest"):
        neighbours(graph, "king")
    assert stats(graph).relations == 0
    assert stats(graph).observations_per_relation == 0.0


def test_every_term_of_an_explanation_adds_up(asked: Graph) -> None:
    for word in ("king", "queen", "prince"):
        for row in neighbours(asked, word, top=4):
            answer = explain(asked, word, row["neighbour"])
            edge, tracks = answer.relation, answer.tracks
            terms = ("elo_base", "elo_observations", "elo_similarity", "elo_diversity")
            assert sum(edge[term] for term in terms) == pytest.approx(edge["elo"])
            assert decades((t["vote"], t["support"]) for t in tracks) == edge["decades"]
            assert consensus(edge["decades"]) == edge["consensus"] == row["consensus"]
            seen = [t for t in tracks if t["observed"]]
            total = sum(t["times"] for t in seen)
            assert elo(total, sum(t["weight"] for t in seen), len(seen)) == edge["elo"]


def test_without_a_source_means_what_deleting_it_does(asked: Graph) -> None:
    pairs = [("king", row["neighbour"]) for row in neighbours(asked, "king", min_sources=2)]
    assert pairs
    promised = {
        pair: next(
            (t["elo_without"], t["consensus_without"])
            for t in explain(asked, *pair).tracks
            if t["source"] == "m1"
        )
        for pair in pairs
    }
    with WriterLock(asked, "test") as lock:
        delete_source(asked, lock, "m1", silent)
    for pair, expected in promised.items():
        edge = explain(asked, *pair).relation
        assert (edge["elo"], edge["consensus"]) == expected


def test_two_words_nobody_relates(asked: Graph) -> None:
    with pytest.raises(NotFound, match="relates"):
        explain(asked, "throne", "Straße")


def test_without_apoc_extended_python_still_answers(
    asked: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(procedures, "INSTALLER", "apoc.no.such.installer")
    asked.write("MATCH (g:State) REMOVE g.procedures")
    monkeypatch.setattr(procedures, "PREFIX", "custom.hartonomous.absent.")
    assert not procedures.install(asked)
    assert neighbours(asked, "king")
