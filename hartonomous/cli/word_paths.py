"""Paths, trees and random walks between words, and spreading activation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import click

from hartonomous.cell_text import printable
from hartonomous.cli.completion import complete_source, complete_word
from hartonomous.cli.neighbourhood import open_graph
from hartonomous.cli.output import (
    json_option,
    print_json,
    print_rows,
    print_text,
    say,
    top_option,
    working,
)
from hartonomous.cli.rated_types import types_option

if TYPE_CHECKING:
    from hartonomous.ask.relations.relation_views import View


all_option = click.option(
    "--all",
    "everything",
    is_flag=True,
    help="Include texts that nobody reads as words, and those of one source.",
)


def view_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that restrict the relations of a query."""
    for option in reversed(
        (
            types_option,
            click.option(
                "--sources",
                metavar="NAME,...",
                shell_complete=complete_source,
                help="Only pairs observed by one of these sources.",
            ),
            click.option(
                "--above",
                default=1500,
                show_default=True,
                type=click.IntRange(0, 10_000),
                help="Only pairs rated above this; 1500 is even odds.",
            ),
            click.option(
                "--min-sources",
                default=1,
                show_default=True,
                type=click.IntRange(1),
                help="Least number of sources per pair.",
            ),
            click.option("--pieces", is_flag=True, help="Include continuation pieces (##ing)."),
        )
    ):
        command = option(command)
    return command


def view_of(options: dict[str, Any]) -> View:
    from hartonomous.operations.questions import request_view

    return request_view(**options)


@click.command(
    epilog="""\b
Example:
  hartonomous path king bread
  hartonomous path king bread --k 1 --above 1900 --sources glove
"""
)
@click.argument("start", metavar="A", shell_complete=complete_word)
@click.argument("end", metavar="B", shell_complete=complete_word)
@click.option(
    "--k", default=3, show_default=True, type=click.IntRange(1, 100), help="Number of paths."
)
@view_options
@json_option
def path(start: str, end: str, k: int, as_json: bool, **options: Any) -> None:
    """Find the cheapest paths from A to B.

    A step costs a hundredth of a decade, and more the weaker its relation is:
    log10(1 + 10^-D), D its odds in decades. The weakest step's rating is told.
    A phrase or word that no source has leads to its words or pieces, by steps of
    type COMPOSED, which have no rating.
    """
    from hartonomous.ask.paths.word_paths import path as ask
    from hartonomous.ask.relations.shown_texts import with_captions
    from hartonomous.operations.questions import remark_composed

    with open_graph() as graph, working("Looking for paths"):
        paths = ask(graph, start, end, k, view_of(options))
        remark_composed(graph, (start, end), paths[0].composed, say, view_of(options))
        rows = with_captions(
            graph, [asdict(one) for one in paths], "words", "steps", beside=as_json
        )
    if as_json:
        print_json(rows)
        return
    for number, one in enumerate(rows):
        if number:
            click.echo()
        print_text(f"{arrows(one['words'])}   {_cost(one)}")
        print_steps(one["steps"])


@click.command(epilog="\b\nExample:\n  hartonomous bridge king bread computer\n")
@click.argument("words", nargs=-1, required=True, metavar="A B...", shell_complete=complete_word)
@view_options
@json_option
def bridge(words: Sequence[str], as_json: bool, **options: Any) -> None:
    """Find the cheapest tree of relations connecting the words.

    A phrase or word that no source has is connected by one of its words or pieces.
    """
    from hartonomous.ask.paths.word_paths import bridge as ask
    from hartonomous.ask.relations.shown_texts import with_captions
    from hartonomous.operations.questions import remark_composed

    with open_graph() as graph, working("Growing a tree"):
        found = asdict(ask(graph, words, view_of(options)))
        remark_composed(graph, words, found["composed"], say, view_of(options))
        (tree,) = with_captions(graph, [found], "words", "joints", "steps", beside=as_json)
    if as_json:
        print_json(tree)
        return
    joints = ", ".join(map(printable, tree["joints"])) or "no other word"
    asked = ", ".join(map(printable, tree["words"]))
    print_text(f"{asked} are connected by {joints}   cost {tree['cost']:.3f}")
    print_steps(tree["steps"])


@click.command(epilog="\b\nExample:\n  hartonomous between king bread --top 5\n")
@click.argument("start", metavar="A", shell_complete=complete_word)
@click.argument("end", metavar="B", shell_complete=complete_word)
@top_option
@all_option
@view_options
@json_option
def between(
    start: str, end: str, top: int, everything: bool, as_json: bool, **options: Any
) -> None:
    """List the words near both A and B.

    The score is the geometric mean of a word's likeness to A and to B: the
    cosines of its row of odds with theirs, the mean over the words or pieces of
    what no source has.
    """
    from hartonomous.ask.paths.word_paths import between as ask
    from hartonomous.ask.relations.shown_texts import with_captions
    from hartonomous.operations.questions import remark_composed

    with open_graph() as graph, working("Looking between"):
        found = ask(graph, start, end, top, view_of(options), everything)
        composed = found[0].path.composed if found else ()
        remark_composed(graph, (start, end), composed, say, view_of(options))
        rows = with_captions(graph, [asdict(one) for one in found], "word", "path", beside=as_json)
    likeness = {"like_start": f"like {start}", "like_end": f"like {end}"}
    _print_reached(rows, as_json, likeness)


@click.command(epilog="\b\nExample:\n  hartonomous reach king --top 20\n")
@click.argument("word", metavar="A", shell_complete=complete_word)
@top_option
@view_options
@json_option
def reach(word: str, top: int, as_json: bool, **options: Any) -> None:
    """List the words of highest PageRank from A.

    Of a phrase or word that no source has, from its words or pieces.
    """
    from hartonomous.ask.paths.word_paths import reach as ask
    from hartonomous.ask.relations.shown_texts import with_captions
    from hartonomous.operations.questions import remark_composed

    with open_graph() as graph, working("Walking"):
        found = ask(graph, word, top, view_of(options))
        composed = found[0].path.composed if found else ()
        remark_composed(graph, [word], composed, say, view_of(options))
        rows = with_captions(graph, [asdict(one) for one in found], "word", "path", beside=as_json)
    if not found:
        say(f"{word!r} is in the graph, but no pair of it meets these conditions.")
    _print_reached(rows, as_json)


@click.command(
    epilog="""\b
Example:
  hartonomous traverse "bread for the king" --depth 3 --breadth 5
"""
)
@click.argument("prompt")
@click.option(
    "--depth", default=3, show_default=True, type=click.IntRange(1, 20), help="Most steps."
)
@click.option(
    "--breadth",
    default=10,
    show_default=True,
    type=click.IntRange(1, 100),
    help="Neighbours followed from each word.",
)
@top_option
@view_options
@json_option
def traverse(
    prompt: str, depth: int, breadth: int, top: int, as_json: bool, **options: Any
) -> None:
    """Spread activation from PROMPT; list the words it reaches.

    Activation spreads over relations; each word is listed with its path. The
    longest run of words that is a name, such as 'traffic light', is taken whole;
    a word also leads to the names that contain it. Words that tell little, such
    as 'the', weigh little; the weights are printed. A word that no source has leads
    to the words and pieces that spell it.
    """
    from hartonomous.ask.paths.spreading_activation import traverse as ask
    from hartonomous.ask.relations.shown_texts import with_captions
    from hartonomous.operations.questions import composition_remark, read_standing

    with open_graph() as graph, working("Traversing"):
        answer = ask(graph, prompt, depth, breadth, top, view_of(options))
        found = [asdict(one) for one in answer.found]
        found = with_captions(graph, found, "word", "led_by", "path", beside=as_json)
        standing = read_standing(graph)
    for word, parts in answer.composed.items():
        say(composition_remark(word, parts))
    if answer.unknown:
        say(f"No source knows {', '.join(map(repr, answer.unknown))}.")
    if answer.left_out:
        say(f"The last {answer.left_out:,} words of the prompt were left out.")
    weighed = (f"{printable(word)} {weight:.2f}" for word, weight in answer.weights.items())
    say(f"Weights of the words: {', '.join(weighed)}.")
    if as_json:
        print_json({**asdict(answer), **asdict(standing), "found": found})
        return
    rows = [
        {
            **one,
            "led by": ", ".join(one["led_by"]),
            "path": arrows(one["path"]["words"]),
        }
        for one in found
    ]
    print_rows(rows, {name: name for name in ("word", "score", "led by", "path")})


def arrows(words: Sequence[str]) -> str:
    return " → ".join(map(printable, words))


def print_steps(steps: Sequence[dict[str, Any]]) -> None:
    """Print the edges of a path, one row each."""
    columns = {
        "start": "from",
        "end": "to",
        "type": "type",
        "rating": "rating",
        "times": "times",
        "sources": "sources",
    }
    print_rows(steps, columns)


def _print_reached(
    found: list[dict[str, Any]], as_json: bool, columns: Mapping[str, str] = MappingProxyType({})
) -> None:
    if as_json:
        print_json(found)
        return
    rows = [
        {**one, "path": arrows(one["path"]["words"]), "weakest": one["path"]["weakest"]}
        for one in found
    ]
    told = {"path": "path", "weakest": "weakest step"}
    print_rows(rows, {"word": "word", "score": "score", **columns, **told})


def _cost(one: dict[str, Any]) -> str:
    weakest = "" if one["weakest"] is None else f", weakest step {one['weakest']:,}"
    return f"cost {one['cost']:.3f}{weakest}"
