"""Questions about generated pictures: what a text looks like, and what text a picture looks like."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hartonomous.cell_text import printable
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
    from hartonomous.ask.pictures.generated_pictures import ImageAnswer


@click.command(
    "text-to-image",
    epilog="""\b
Example:
  hartonomous text-to-image "red sports car" --top 5
  hartonomous text-to-image "red sports car" --sheet cars.png
""",
)
@click.argument("text")
@click.option(
    "--sheet",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="PNG file to draw the pictures into.",
)
@top_option
@json_option
def text_to_image(text: str, sheet: Path | None, top: int, as_json: bool) -> None:
    """Tell what pictures of TEXT look like.

    By what the words of TEXT do to measured features of the pictures that image
    generators made: the features, then the pictures of all sources that have most
    of them, with their places. 'Obeyed' is how many of the pictures asked for with
    a word show its features, 'readable' of how many the word can be told by them,
    among the words that it could have been. How far the words add up is reported
    where a generator was asked for all of them together.
    """
    from hartonomous.operations.contact_sheets import show_text

    with open_graph() as graph:
        answer = show_text(graph, text, top, sheet)
    if as_json:
        print_json(asdict(answer))
        return
    _print_answer(answer)
    if sheet is not None:
        say(f"The pictures are in {sheet}.")


def _print_answer(answer: ImageAnswer) -> None:
    if answer.unknown:
        say(f"No generator was asked for: {printable(', '.join(answer.unknown))}.")
    print_rows(*_features(answer.features))
    if answer.pictures:
        click.echo("\nPictures like it:")
        rows = [{**joined(row), "score": f"{row['score']:.2f}"} for row in answer.pictures]
        print_rows(
            rows, {"place": "place", "score": "score", "features": "features", "source": "source"}
        )
    click.echo()
    standing = [
        {
            **asdict(one),
            "obeyed": "-" if one.obeyed is None else f"{one.obeyed:.2f}",
            "readable": f"{one.readable:.2f}",
        }
        for one in answer.standing
    ]
    print_rows(standing, {n: n for n in ("word", "obeyed", "readable", "pictures", "source")})
    for one in answer.additivity:
        print_text(
            f"\n{one.source}: the words alone explain {one.share:.0%} of what the {one.pictures} "
            f"pictures of {' + '.join(one.words)} differ by."
        )


def _features(rows: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """Return rows of features as they are printed, and their columns."""
    shown = [
        {
            **joined(row),
            "effect": f"{row['effect']:+.2f} ± {row['error']:.2f}",
            "support": f"{row['support'] / 1000:+.2f}",
        }
        for row in rows
    ]
    titles = {"feature": "feature", "effect": "effect", "support": "decades"}
    return shown, {**titles, "words": "words", "source": "source"}


@click.command(
    "text-to-image-features",
    epilog="""\b
Example:
  hartonomous text-to-image-features "red car"
  hartonomous text-to-image-features "red car" --source painter --json
""",
)
@click.argument("text")
@click.option("--source", shell_complete=complete_source, help="Only effects that this source has.")
@top_option
@json_option
def text_to_image_features(text: str, source: str | None, top: int, as_json: bool) -> None:
    """List the features of pictures of TEXT.

    'Effect' is how many standard deviations more of a feature pictures have with
    the words than without, each word's effect added up, with its standard error.
    'Decades' are the odds that stand for it, of the bound of each interval that is
    nearer to none.
    """
    from hartonomous.ask.pictures.generated_pictures import text_to_image_features as ask

    with open_graph() as graph:
        rows = ask(graph, text, top, source)
    if as_json:
        print_json(rows)
        return
    print_rows(*_features(rows))


@click.command(
    "image-features-to-prompt",
    epilog="""\b
Example:
  hartonomous image-features-to-prompt photos/car.jpg
  hartonomous image-features-to-prompt "a red car/seed 3.png" --json
""",
)
@click.argument("picture")
@top_option
@json_option
def image_features_to_prompt(picture: str, top: int, as_json: bool) -> None:
    """Find the words that PICTURE looks like.

    PICTURE is a file; or a picture of the graph, by its key or its place. Words
    are those that image generators were asked for, by their effects on features
    that the picture has; the prompt has the best word of each kind. A score above
    0 says that the picture is nearer to those with the word than to those without.
    """
    from hartonomous.ask.pictures.generated_pictures import image_features_to_prompt as ask

    with open_graph() as graph:
        answer = ask(graph, picture, top)
    if as_json:
        print_json(asdict(answer))
        return
    for source, prompt in answer.prompts.items():
        print_text(f"{prompt}  ({source})")
    click.echo()
    rows = [{**joined(row), "score": f"{row['score']:+.2f}"} for row in answer.words]
    print_rows(rows, {"word": "word", "score": "score", "features": "features", "source": "source"})
