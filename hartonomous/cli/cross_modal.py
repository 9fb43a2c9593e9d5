"""Questions between texts and pictures."""

from __future__ import annotations

from dataclasses import asdict

import click

from hartonomous.cell_text import printable
from hartonomous.cli.completion import complete_word
from hartonomous.cli.neighbourhood import open_graph
from hartonomous.cli.output import json_option, print_json, print_rows, say, top_option


@click.command(
    "text-to-images",
    epilog="""\b
Example:
  hartonomous text-to-images "white car"
  hartonomous text-to-images car --top 5 --json
""",
)
@click.argument("text", shell_complete=complete_word)
@top_option
@json_option
def text_to_images(text: str, top: int, as_json: bool) -> None:
    """List the pictures of TEXT, and who says so.

    TEXT is a word, a phrase or a caption. Models of texts and pictures list what
    they find alike, detectors what they see, captions what people say. Texts that
    contain all words of TEXT count, and its words, each said of the picture or of
    one of its features; 'through' names what led to the picture. That nothing
    matches is an answer: no picture then fits TEXT better than it fits another
    text. 'odds' are decades against chance.
    """
    from hartonomous.ask.pictures.cross_modal_answers import text_to_images as ask

    with open_graph() as graph:
        told = ask(graph, text, top)
    if as_json:
        print_json(asdict(told))
        return
    if told.composed:
        say(f"No source has {text!r}; composed of {' and '.join(map(repr, told.composed))}.")
    if told.reason is not None:
        click.echo(told.reason)
        return
    rows = [
        {
            **row,
            "place": printable(row["place"] or row["caption"]),
            "through": printable(", ".join(row["through"])),
        }
        for row in told.images
    ]
    columns = {"place": "place", "odds": "odds", "through": "through", "source": "by"}
    print_rows(rows, columns)


@click.command(
    "image-to-text",
    epilog="""\b
Example:
  hartonomous image-to-text photos/yard.jpg
  hartonomous image-to-text yard.jpg --json
""",
)
@click.argument("picture")
@top_option
@json_option
def image_to_text(picture: str, top: int, as_json: bool) -> None:
    """List the texts of PICTURE, and who says so.

    PICTURE is a file; or a picture of the graph, by its key or by its file's name
    within what was ingested. Texts are words, phrases and captions. A file that
    no source saw is told by pictures of the graph that share its features. 'odds'
    are decades against chance.
    """
    from hartonomous.ask.pictures.cross_modal_answers import image_to_text as ask
    from hartonomous.ask.pictures.image_concepts import BY_LIKENESS

    with open_graph() as graph:
        told = ask(graph, picture, top)
    if as_json:
        print_json(asdict(told))
        return
    if told.reason is not None:
        click.echo(told.reason)
        return
    if told.by == BY_LIKENESS:
        like = (
            f"{len(told.like)} pictures of the graph that are"
            if len(told.like) > 1
            else "a picture"
        )
        say(f"No source speaks of this picture; told by {like} like it.")
    rows = [{**row, "text": printable(row["text"])} for row in told.texts]
    print_rows(rows, {"text": "text", "odds": "odds", "similarity": "similarity", "source": "by"})
