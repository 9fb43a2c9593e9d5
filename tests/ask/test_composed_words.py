"""Composed words: answers for a phrase from its words, for a word from its pieces."""

from __future__ import annotations

from math import floor

import pytest

from hartonomous.ask.relations.composed_words import parts_of
from hartonomous.ask.relations.neighbourhood import neighbours
from hartonomous.ask.relations.readable_words import readable
from hartonomous.errors import NotFound
from hartonomous.graph.driver import Graph, Row
from tests.made_graph import OTHER, make

PAIRS = {
    "climate weather": 1800,
    "climate warming": 1500,
    "change warming": 1300,
    "change alter": 1900,
    "crypto cipher": 1000,
    "currency money": 1400,
    "currency cipher": 600,
}


def shown(rows: list[Row]) -> list[tuple[str, int]]:
    return [(row["neighbour"], row["consensus"]) for row in rows]


def points(decades: float) -> int:
    return 1500 + floor(0.4 * decades + 0.5)


def test_a_phrase_is_composed_of_its_words(graph: Graph) -> None:
    make(graph, PAIRS)
    rows = neighbours(graph, "Climate change")
    assert all(row["composed"] == ("climate", "change") for row in rows)
    # What both lead to comes first; what one leads to counts half, by half.
    assert shown(rows) == [
        ("warming", points((1500 + 1300) / 2)),
        ("alter", points(1900 / 4)),
        ("weather", points(1800 / 4)),
    ]
    assert neighbours(graph, "climate")[0]["composed"] == ()
    assert [row["neighbour"] for row in neighbours(graph, "climate change", top=1)] == ["warming"]


def test_a_word_is_composed_of_its_pieces(graph: Graph) -> None:
    make(graph, PAIRS)
    graph.write(
        "MATCH (c {text: 'currency'}) SET c.text = '##currency', c.folded = '##currency', "
        "c.kind = 'Piece', c:Piece REMOVE c:Token"
    )
    assert [part["text"] for part in parts_of(graph, "cryptocurrency")] == ["crypto", "##currency"]
    rows = neighbours(graph, "Cryptocurrency")
    assert rows[0]["composed"] == ("crypto", "##currency")
    # A piece weighs as much as its letters: six and eight of fourteen.
    assert shown(rows) == [
        ("cipher", points((6 * 1000 + 8 * 600) / 14)),
        ("money", points(8 / 14 * 8 / 14 * 1400)),
    ]


@pytest.mark.parametrize("text", ["climate nowhere", "ab", "...", "climatechang", "x" * 40])
def test_what_has_an_unknown_part_is_not_composed(graph: Graph, text: str) -> None:
    make(graph, PAIRS)
    assert parts_of(graph, text) == []
    with pytest.raises(NotFound, match="No source knows"):
        neighbours(graph, text)


def test_a_misspelt_word_is_not_composed(graph: Graph) -> None:
    make(graph, {**PAIRS, "rec ieve": 1000})
    assert [part["text"] for part in parts_of(graph, "recieve")] == ["rec", "ieve"]
    assert neighbours(graph, "recieve")[0:1] == []
    graph.write(
        "CREATE (:Composition:Token {key: 'k', text: 'receive', folded: 'receive', kind: 'Token'})"
    )
    with pytest.raises(NotFound, match="Did you mean receive"):
        neighbours(graph, "recieve")


def test_the_error_of_another_question_offers_the_parts(graph: Graph) -> None:
    from hartonomous.ask.relations.affinity import affinity

    make(graph, PAIRS)
    with pytest.raises(
        NotFound, match="'climate' and 'change' are known; 'hartonomous neighbours'"
    ):
        affinity(graph, "climate change", "money")


def test_readable_words_are_known_to_two_of_several_sources(graph: Graph) -> None:
    make(graph, PAIRS)
    rows = [
        {"id": 1, "text": "king", "known": "1+2"},
        {"id": 2, "text": "alone", "known": "1"},
        {"id": 3, "text": "k", "known": "1+2"},
        {"id": 4, "text": "3f9a", "known": None},
    ]
    assert [row["id"] for row in readable(graph, rows)] == [1, 4]
    graph.write("MATCH (t:Track {source: $name}) SET t.absent = null", name=OTHER)
    assert [row["id"] for row in readable(graph, rows)] == [1, 2, 4]
