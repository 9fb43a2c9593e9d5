"""Readable words: the same in Python and in Cypher, and what surveys leave out."""

from __future__ import annotations

from hartonomous.ask.paths.communities import central, hubs, outliers
from hartonomous.ask.relations.readable_words import reads
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph
from tests.made_graph import make

TEXTS = {
    "king": True,
    "don't": True,
    "so-called": True,
    "B2B": True,
    "U.S.": True,
    "naïve": True,
    "नमस्ते": True,
    "मैं": True,
    "พระ": True,
    "王": True,
    "國王": True,
    "か": True,
    "한": True,
    "ᅥ": False,
    "k": False,
    "พ": False,
    "263": False,
    "32.8": False,
    "3rd": False,
    "}`).": False,
    "`}``": False,
    "a=b": False,
    "'s": False,
    "x1": False,
    "🙂": False,
    "😀🙂": False,
}


def test_words_are_read_alike_in_python_and_in_cypher(graph: Graph) -> None:
    assert {text: reads(text) for text in TEXTS} == TEXTS
    make(graph, {f"centre {text}": 1500 for text in TEXTS})
    shown = {row["word"] for row in graph.read(query("ask/hubs"), top=99, above=1500, all=False)}
    assert shown == {"centre", *(text for text, read in TEXTS.items() if read)}


def test_surveys_show_what_people_read(graph: Graph) -> None:
    make(graph, {f"centre {text}": 1500 for text in TEXTS})
    read = {"centre", *(text for text, is_read in TEXTS.items() if is_read)}
    for ask in (central, hubs, outliers):
        assert {row["word"] for row in ask(graph, 99)} == read
        assert {row["word"] for row in ask(graph, 99, everything=True)} == {"centre", *TEXTS}
