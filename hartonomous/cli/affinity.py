"""Queries about several words: affinity, analogies, disagreement between sources."""

from __future__ import annotations

import click

from hartonomous.cli.completion import complete_word
from hartonomous.cli.neighbourhood import open_graph, typed
from hartonomous.cli.output import json_option, print_facts, print_json, print_rows, say, top_option
from hartonomous.cli.rated_types import type_option
from hartonomous.schema import DEFAULT_RELATION


@click.command(epilog="\b\nExample:\n  hartonomous affinity king throne\n")
@click.argument("start", metavar="A", shell_complete=complete_word)
@click.argument("end", metavar="B", shell_complete=complete_word)
@json_option
def affinity(start: str, end: str, as_json: bool) -> None:
    """Show the similarity of A and B, related or not.

    By their consensus and the overlap of their neighbours. Of a word or phrase
    that no source has, the mean over its pieces or words.
    """
    from hartonomous.ask.relations.affinity import affinity as ask
    from hartonomous.ask.relations.shown_texts import with_captions
    from hartonomous.operations.questions import remark_composed

    with open_graph() as graph:
        found = ask(graph, start, end)
        remark_composed(graph, (start, end), found["composed"], say)
        (row,) = with_captions(graph, [found], "start", "end", "composed", beside=as_json)
    if as_json:
        print_json(row)
        return
    print_facts({name: value for name, value in row.items() if name != "composed" or value})


@click.command(epilog="\b\nExample:\n  hartonomous analogy man king woman\n")
@click.argument("first", metavar="A", shell_complete=complete_word)
@click.argument("second", metavar="B", shell_complete=complete_word)
@click.argument("third", metavar="C", shell_complete=complete_word)
@top_option
@json_option
def analogy(first: str, second: str, third: str, top: int, as_json: bool) -> None:
    """Find the word that relates to C as B does to A.

    By the rows of every track, weighted by vote: like B and like C, divided by
    like A (3CosMul).
    """
    from hartonomous.ask.relations.affinity import analogy as ask
    from hartonomous.ask.relations.shown_texts import with_captions

    with open_graph() as graph:
        rows = ask(graph, first, second, third, top)
        rows = with_captions(graph, rows, "answer", beside=as_json)
    columns = {
        "answer": "answer",
        "score": "score",
        "like_second": f"like {second}",
        "like_third": f"like {third}",
        "like_first": f"like {first}",
        "sources": "by",
    }
    print_json(rows) if as_json else print_rows(rows, columns)


@click.command(epilog="\b\nExample:\n  hartonomous contested bank --top 5\n")
@click.argument("word", shell_complete=complete_word)
@top_option
@type_option
@json_option
def contested(word: str, top: int, type: str, as_json: bool) -> None:
    """List relations of WORD on which sources disagree."""
    from hartonomous.ask.relations.affinity import contested as ask
    from hartonomous.ask.relations.shown_texts import with_captions

    with open_graph() as graph:
        rows = with_captions(graph, ask(graph, word, top, type), "neighbour", beside=as_json)
    if type != DEFAULT_RELATION and not as_json:
        rows = [typed({**row, "type": type}) for row in rows]
    columns = {
        "neighbour": "neighbour",
        **({} if type == DEFAULT_RELATION else {"relation": "relation"}),
        "spread": "spread",
        "consensus": "consensus",
        "most": "highest by",
        "most_odds": "odds",
        "least": "lowest by",
        "least_odds": "its odds",
    }
    print_json(rows) if as_json else print_rows(rows, columns)
