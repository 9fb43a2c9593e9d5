"""Questions about pictures: what they show, and where detectors disagree."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hartonomous.cli.completion import complete_source
from hartonomous.cli.neighbourhood import open_graph
from hartonomous.cli.output import (
    joined,
    json_option,
    print_json,
    print_rows,
    print_text,
    say,
    top_option,
)

if TYPE_CHECKING:
    from hartonomous.ask.pictures.detector_comparison import DetectorComparison
    from hartonomous.ask.pictures.image_concepts import ImageConcepts


@click.command(
    "image-to-concepts",
    epilog="""\b
Example:
  hartonomous image-to-concepts photos/yard.jpg
  hartonomous image-to-concepts photos/new.jpg --detector ./rt-detr
  hartonomous image-to-concepts yard.jpg --json
""",
)
@click.argument("picture")
@click.option(
    "--detector",
    type=click.Path(exists=True, path_type=Path),
    metavar="MODEL",
    help="Model that finds things in the file, instead of the graph.",
)
@top_option
@json_option
def image_to_concepts(picture: str, detector: Path | None, top: int, as_json: bool) -> None:
    """Tell what PICTURE shows, and who says so.

    PICTURE is a file; or a picture of the graph, by its key or by its file's name
    within what was ingested. Known pixels are told by the sources that saw them,
    with the relations of their boxes. A picture that no source saw is told by the
    pictures of the graph most like it in colours, shapes, light and, of captioned
    ones, where the thing lies; 'consensus' is then the odds of a concept among
    them against its share of all pictures. With a detector, by what that finds.
    """
    from hartonomous.operations.picture_questions import image_to_concepts as ask

    with open_graph() as graph:
        told = ask(graph, picture, detector, top, say)
        captions = _captions(graph, [told.picture, *(row["picture"] for row in told.like)])
    if as_json:
        print_json({**asdict(told), "captions": captions})
        return
    _print_concepts(told, captions)


def _print_concepts(told: ImageConcepts, captions: dict[str, str]) -> None:
    if not told.concepts:
        found = "is like it" if told.by == "likeness" else "was found"
        say(f"Nothing {found}.")
    else:
        heading = {"detector": "boxes", "sources": "boxes", "likeness": "pictures"}[told.by]
        rows = [joined(row) for row in told.concepts]
        rows = [{**row, "score": f"{row['score']:.2f}"} for row in rows]
        columns = {"concept": "concept", "score": "score", "times": heading}
        if told.by != "detector":
            columns["consensus"] = "consensus"
        print_rows(rows, {**columns, "sources": "by"})
    if told.relations:
        click.echo()
        told_by = {
            "start": "",
            "relation": "relation",
            "end": "",
            "times": "times",
            "sources": "by",
        }
        print_rows([joined(row) for row in told.relations], told_by)
    if told.like:
        click.echo("\nLike it:")
        rows = [joined(row) for row in told.like]
        rows = [
            {
                **row,
                "picture": captions.get(row["picture"], row["picture"]),
                "alike": f"{row['alike']:.2f}",
            }
            for row in rows
        ]
        print_rows(
            rows, {"picture": "picture", "alike": "alike", "sources": "by", "shared": "shared"}
        )


@click.command(epilog="\b\nExample:\n  hartonomous detectors coarse fine --top 20\n")
@click.argument("first", metavar="A", shell_complete=complete_source)
@click.argument("second", metavar="B", shell_complete=complete_source)
@top_option
@json_option
def detectors(first: str, second: str, top: int, as_json: bool) -> None:
    """Show where two detectors disagree.

    Over the pictures that both saw: labels that only A, only B, or both say of a
    picture; and relations of labels that one says more often than the other,
    beyond noise (twice the standard error of the log odds ratio). 'Not' counts
    the other way round, or for OVERLAPS and NEAR both labels without it.
    """
    from hartonomous.ask.pictures.detector_comparison import compare_detectors

    with open_graph() as graph:
        found = compare_detectors(graph, first, second, top)
    if as_json:
        print_json(asdict(found))
        return
    _print_comparison(found)


def _print_comparison(found: DetectorComparison) -> None:
    print_text(
        f"{found.by_both:,} pictures seen by both; {found.first} saw {found.by_first:,}, "
        f"{found.second} {found.by_second:,}."
    )
    click.echo()
    if found.labels:
        columns = {
            "label": "label",
            "only_first": f"only {found.first}",
            "only_second": f"only {found.second}",
            "both": "both",
            "pictures": "such as",
        }
        print_rows([joined(row) for row in found.labels], columns)
    else:
        say("They agree on the labels of every picture.")
    if not found.relations:
        say("No relation of labels differs beyond noise.")
        return
    click.echo()
    columns = {
        "start": "",
        "relation": "relation",
        "end": "",
        "first_n": found.first,
        "first_against": "not",
        "second_n": found.second,
        "second_against": "not",
        "difference": "decades",
        "pictures": "such as",
    }
    rows = [{**joined(row), "difference": f"{row['difference']:+.2f}"} for row in found.relations]
    print_rows(rows, columns)


def _captions(graph: Any, keys: Iterable[str]) -> dict[str, str]:
    from hartonomous.ask.relations.shown_texts import captions_of

    return captions_of(graph, keys)
