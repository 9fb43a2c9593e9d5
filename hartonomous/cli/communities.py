"""The graph as a whole: communities, centrality, disagreement; and comparisons of words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

import click

from hartonomous.cli.completion import complete_word
from hartonomous.cli.neighbourhood import open_graph
from hartonomous.cli.output import (
    count_option,
    json_option,
    print_json,
    print_rows,
    progress_bar,
    quiet_option,
    say,
    top_option,
    working,
)
from hartonomous.cli.word_paths import all_option, view_of, view_options


@click.command(
    epilog="""\b
Example:
  hartonomous communities --top 10
  hartonomous communities --of king --members 20
  hartonomous communities --within king --level 3
"""
)
@count_option(20)
@click.option(
    "--of",
    "word",
    metavar="WORD",
    shell_complete=complete_word,
    help="Only the community of this word.",
)
@click.option(
    "--members",
    default=8,
    show_default=True,
    type=click.IntRange(1, 1_000),
    help="Words listed per community.",
)
@click.option("--within", metavar="WORD", help="Those inside this word's, one level up.")
@click.option(
    "--level",
    type=click.IntRange(1, 6),
    help="Level from 1: each has communities of a quarter of the size.",
)
@click.option("--resolution", type=float, help="Resolution of Leiden instead of a level.")
@all_option
@view_options
@json_option
def communities(
    top: int,
    word: str | None,
    within: str | None,
    members: int,
    level: int | None,
    resolution: float | None,
    everything: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """List communities of words, named by what sets them apart.

    Each is named by the words that are central in it and hardly related to
    others. By default they are of a size to survey; a level has communities of
    about a quarter of the size of the one before. --within shows those inside
    the community of a word, one level down.
    """
    from hartonomous.ask.paths.communities import communities as ask
    from hartonomous.ask.paths.communities import resolution_of
    from hartonomous.ask.relations.shown_texts import with_captions

    chosen = resolution_of(level) if resolution is None else resolution
    with open_graph() as graph, working("Finding communities"):
        found = ask(
            graph, top, members, word, view_of(options), chosen, within, everything=everything
        )
        rows = with_captions(graph, [asdict(one) for one in found], "words", beside=as_json)
    print_json(rows) if as_json else print_rows(
        rows, {"name": "community", "size": "size", "words": "words that set it apart"}
    )


@click.command(epilog="\b\nExample:\n  hartonomous central --top 20\n")
@top_option
@all_option
@view_options
@json_option
def central(top: int, everything: bool, as_json: bool, **options: Any) -> None:
    """List the words of highest PageRank."""
    from hartonomous.ask.paths.communities import central as ask

    _survey(ask, top, everything, as_json, options, {"score": "score"})


@click.command(epilog="\b\nExample:\n  hartonomous hubs --top 20\n")
@top_option
@all_option
@view_options
@json_option
def hubs(top: int, everything: bool, as_json: bool, **options: Any) -> None:
    """List the words with the most neighbours."""
    from hartonomous.ask.paths.communities import hubs as ask

    _survey(
        ask, top, everything, as_json, options, {"score": "times the mean", "related": "related to"}
    )


@click.command(epilog="\b\nExample:\n  hartonomous outliers --top 20\n")
@top_option
@all_option
@view_options
@json_option
def outliers(top: int, everything: bool, as_json: bool, **options: Any) -> None:
    """List the most weakly connected words."""
    from hartonomous.ask.paths.communities import outliers as ask

    _survey(ask, top, everything, as_json, options, {"score": "ties", "related": "related to"})


def _survey(
    ask: Callable[..., list[dict[str, Any]]],
    top: int,
    everything: bool,
    as_json: bool,
    options: dict[str, Any],
    columns: dict[str, str],
) -> None:
    from hartonomous.ask.relations.shown_texts import with_captions

    with open_graph() as graph, working("Surveying the graph"):
        rows = ask(graph, top, view_of(options), everything)
        rows = with_captions(graph, rows, "word", "strongest", beside=as_json)
    print_json(rows) if as_json else print_rows(
        rows, {"word": "word"} | columns | {"strongest": "strongest pairs"}
    )


@click.command(
    name="odd-one-out",
    epilog="\b\nExample:\n  hartonomous odd-one-out breakfast lunch dinner king\n",
)
@click.argument("words", nargs=-1, required=True, metavar="W...", shell_complete=complete_word)
@json_option
def odd_one_out(words: Sequence[str], as_json: bool) -> None:
    """Rank the words W, the least similar to the others first."""
    from hartonomous.ask.relations.shown_texts import with_captions
    from hartonomous.ask.relations.word_comparison import odd_one_out as ask

    with open_graph() as graph:
        rows = with_captions(graph, ask(graph, words), "word", "nearest", beside=as_json)
    print_json(rows) if as_json else print_rows(
        rows, {"word": "word", "likeness": "like the others", "nearest": "most like"}
    )


@click.command(epilog="\b\nExample:\n  hartonomous senses bank\n")
@click.argument("word", shell_complete=complete_word)
@top_option
@click.option(
    "--members",
    default=8,
    show_default=True,
    type=click.IntRange(1, 1_000),
    help="Words listed per sense.",
)
@all_option
@json_option
def senses(word: str, top: int, members: int, everything: bool, as_json: bool) -> None:
    """List the groups that the neighbours of WORD fall into.

    With the sources that relate WORD to them, and the layers or heads that list
    the most of these relations.
    """
    from hartonomous.ask.relations.shown_texts import with_captions
    from hartonomous.ask.relations.word_senses import senses as ask

    with open_graph() as graph:
        found = [asdict(one) for one in ask(graph, word, top, members, everything)]
        rows = with_captions(graph, found, "words", beside=as_json)
    if not rows:
        say(f"The neighbours of {word!r} fall into no groups.")
    columns = {
        "name": "sense",
        "share": "share",
        "words": "words",
        "sources": "sources",
        "positions": "most in",
    }
    print_json(rows) if as_json else print_rows(rows, columns)


@click.command(epilog="\b\nExample:\n  hartonomous compare king queen --top 5\n")
@click.argument("start", metavar="A", shell_complete=complete_word)
@click.argument("end", metavar="B", shell_complete=complete_word)
@top_option
@json_option
def compare(start: str, end: str, top: int, as_json: bool) -> None:
    """List the neighbours of both A and B, and of only one."""
    from hartonomous.ask.relations.shown_texts import with_captions
    from hartonomous.ask.relations.word_comparison import compare as ask

    with open_graph() as graph:
        rows = ask(graph, start, end, top)
        rows = with_captions(graph, rows, "related_to", "neighbour", beside=as_json)
    columns = {
        "related_to": "related to",
        "neighbour": "neighbour",
        "consensus_start": f"with {start}",
        "elo_start": "elo",
        "consensus_end": f"with {end}",
        "elo_end": "elo",
    }
    print_json(rows) if as_json else print_rows(rows, columns)


@click.command(epilog="\b\nExample:\n  hartonomous contradictions --top 20\n")
@top_option
@all_option
@quiet_option
@json_option
def contradictions(top: int, everything: bool, quiet: bool, as_json: bool) -> None:
    """List the graph's pairs on which sources disagree most.

    A source that does not list a pair disagrees by degree: the less the
    neighbours of the two words overlap in it, the more.
    """
    from hartonomous.ask.relations.contradictions import contradictions as ask
    from hartonomous.ask.relations.shown_texts import with_captions

    with open_graph() as graph, progress_bar(quiet) as progress:
        rows = ask(graph, top, progress, everything)
        rows = with_captions(graph, rows, "start", "end", beside=as_json)
    columns = {
        "start": "word",
        "end": "other",
        "spread": "spread",
        "consensus": "consensus",
        "most": "highest by",
        "most_odds": "odds",
        "most_similarity": "similarity",
        "least": "lowest by",
        "least_odds": "its odds",
        "least_overlap": "overlap",
    }
    print_json(rows) if as_json else print_rows(rows, columns)


@click.group(epilog="\b\nExample:\n  hartonomous projections list\n")
def projections() -> None:
    """Manage projections in the memory of Graph Data Science."""


@projections.command(name="list", epilog="\b\nExample:\n  hartonomous projections list --json\n")
@json_option
def list_projections(as_json: bool) -> None:
    """List projections; stale ones are dropped by the next query."""
    from hartonomous.ask.paths.projections import projections as ask

    with open_graph() as graph:
        rows = ask(graph)
    columns = ("name", "state", "nodes", "relationships", "bytes", "created")
    print_json(rows) if as_json else print_rows(rows, {name: name for name in columns})


@projections.command(epilog="\b\nExample:\n  hartonomous projections drop\n")
@json_option
def drop(as_json: bool) -> None:
    """Drop all projections; the next query creates a new one."""
    from hartonomous.ask.paths.projections import drop_all

    with open_graph() as graph:
        names = drop_all(graph)
    print_json(names) if as_json else click.echo(f"{len(names)} dropped.")
