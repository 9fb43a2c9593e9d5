"""The placement on the sphere: computed, queried and drawn."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hartonomous.cli.completion import complete_source, complete_word
from hartonomous.cli.neighbourhood import open_graph
from hartonomous.cli.output import (
    json_option,
    print_facts,
    print_json,
    print_rows,
    progress_bar,
    quiet_option,
    say,
    top_option,
)

if TYPE_CHECKING:
    from hartonomous.operations.placement_run import PlacementOutcome


@click.command(
    epilog="""\b
Example:
  hartonomous place
  hartonomous place --save before.parquet
  hartonomous place --align before.parquet --picture map.png
  hartonomous place --measure --dense minilm=./all-MiniLM-L6-v2 \\
    --dense glove=./glove.txt
"""
)
@click.option(
    "--dimensions",
    default=64,
    show_default=True,
    type=click.IntRange(1, 256),
    help="Dimensions of the spectral vectors.",
)
@click.option(
    "--save",
    type=click.Path(path_type=Path),
    help="Save the placement to a file, for --align.",
)
@click.option(
    "--align",
    "older",
    type=click.Path(path_type=Path),
    help="Rotate it onto a saved placement and compare; the graph stores it unrotated.",
)
@click.option(
    "--picture",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Draw it: .png, .svg, or interactive .html.",
)
@click.option(
    "--between",
    nargs=2,
    metavar="A B",
    shell_complete=complete_source,
    help="Two sources whose agreement is measured.",
)
@click.option(
    "--dense",
    multiple=True,
    metavar="SOURCE=MODEL",
    help="Model with the dense vectors of a source, for comparison; for both sources.",
)
@click.option(
    "--measure", is_flag=True, help="Measure agreement over all shared words, not a sample."
)
@click.option("--force", is_flag=True, help="Overwrite the --save file.")
@json_option
@quiet_option
def place(
    dimensions: int,
    save: Path | None,
    older: Path | None,
    picture: tuple[Path, ...],
    between: tuple[str, str] | None,
    dense: tuple[str, ...],
    measure: bool,
    force: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Compute coordinates of all words on the sphere S3.

    Every composition of the largest component gets a unit quaternion and a
    spectral vector, from the graph's leading eigenvectors. The quality of the
    placement is measured and printed.
    """
    from hartonomous.operations.placement_run import lay_out_graph, request_placement

    request = request_placement(
        dimensions=dimensions,
        save=save,
        align=older,
        picture=picture,
        between=between,
        dense=dense,
        measure=measure,
        force=force,
    )
    with open_graph() as graph, progress_bar(quiet) as progress:
        done = lay_out_graph(graph, request, progress, lambda text: say(text, quiet))
    report, recalls, agreements = done.report, done.recalls, done.agreements
    facts: dict[str, Any] = {
        **asdict(report),
        "share_beside_solver": report.share_beside_solver,
        "eigenvalues": [round(value, 4) for value in done.placement.eigenvalues[:4].tolist()],
    }
    moved = _moved(done)
    if as_json:
        facts["recall"] = [asdict(row) for row in recalls]
        facts["agreement"] = [asdict(row) for row in agreements]
        print_json({**facts, "alignment": moved})
        return
    print_facts(facts)
    click.echo()
    print_rows([asdict(row) for row in recalls], _RECALL)
    if agreements:
        click.echo()
        print_rows([asdict(row) for row in agreements], _AGREEMENT)
    if moved is not None:
        click.echo()
        print_facts(moved)
    _remarks(bool(agreements), done.pair, set(request.dense), quiet)


_RECALL = {
    "space": "neighbours preserved by",
    "dimensions": "dimensions",
    "recall": "recall",
    "nearest": "of the nearest",
    "sample": "words sampled",
}
_AGREEMENT = {
    "method": "same word found by",
    "first_source": "from",
    "second_source": "in",
    "mrr": "MRR",
    "first": "first",
    "queries": "words sampled",
    "gallery": "among",
}


def _remarks(measured: bool, pair: tuple[str, str] | None, beside: set[str], quiet: bool) -> None:
    if not measured:
        say("Agreement between models needs two sources with common words.", quiet)
    elif pair and not set(pair) <= beside:
        say(
            f"To compare with dense vectors: --dense {pair[0]}=MODEL --dense {pair[1]}=MODEL.",
            quiet,
        )
    if measured:
        say(
            "The placement used each sampled word in both sources; Procrustes was fitted on other "
            "words.",
            quiet,
        )


def _moved(done: PlacementOutcome) -> dict[str, Any] | None:
    if done.turned is None:
        return None
    return {
        **asdict(done.turned),
        "furthest": {name: round(angle, 3) for name, angle in done.furthest.items()},
    }


@click.command(
    "near-on-sphere",
    epilog="""\b
Example:
  hartonomous near-on-sphere king --top 5
  hartonomous near-on-sphere king --by spectral
""",
)
@click.argument("word", shell_complete=complete_word)
@top_option
@click.option(
    "--by",
    type=click.Choice(["sphere", "spectral"]),
    default="sphere",
    show_default=True,
    help="Use the point on the sphere, or the spectral vector.",
)
@click.option("--pieces", is_flag=True, help="Include continuation pieces (##ing).")
@json_option
def near_on_sphere(word: str, top: int, by: str, pieces: bool, as_json: bool) -> None:
    """List the words nearest to WORD on the sphere.

    The sphere is a map: four numbers preserve few of a word's neighbours;
    'place' prints the share.
    """
    from hartonomous.ask.layout.placement_queries import near_on_sphere as ask
    from hartonomous.ask.relations.shown_texts import with_captions
    from hartonomous.operations.placement_run import remark_stale

    with open_graph() as graph:
        rows = ask(graph, word, top, by, pieces)
        rows = with_captions(graph, rows, "neighbour", beside=as_json)
    remark_stale(rows, say)
    columns = {"neighbour": "neighbour", "distance": "radians"}
    print_json(rows) if as_json else print_rows(rows, columns)


@click.command(epilog="\b\nExample:\n  hartonomous distance king queen\n")
@click.argument("start", metavar="A", shell_complete=complete_word)
@click.argument("end", metavar="B", shell_complete=complete_word)
@json_option
def distance(start: str, end: str, as_json: bool) -> None:
    """Show the distance of A and B on the sphere, in radians.

    Geodesic distance (0 to 3.142), and the angle between their spectral
    vectors.
    """
    from hartonomous.ask.layout.placement_queries import distance as ask
    from hartonomous.ask.relations.shown_texts import with_captions
    from hartonomous.operations.placement_run import remark_stale

    with open_graph() as graph:
        (row,) = with_captions(graph, [ask(graph, start, end)], "start", "end", beside=as_json)
    remark_stale([row], say)
    print_json(row) if as_json else print_facts(row)


@click.command(epilog="\b\nExample:\n  hartonomous slerp king bread --steps 8\n")
@click.argument("start", metavar="A", shell_complete=complete_word)
@click.argument("end", metavar="B", shell_complete=complete_word)
@click.option(
    "--steps",
    default=10,
    show_default=True,
    type=click.IntRange(2, 1_000),
    help="Number of steps.",
)
@click.option("--pieces", is_flag=True, help="Include continuation pieces (##ing).")
@json_option
def slerp(start: str, end: str, steps: int, pieces: bool, as_json: bool) -> None:
    """List the words along the shortest arc from A to B.

    For each step the nearest word, and its distance from the arc.
    """
    from hartonomous.ask.layout.placement_queries import slerp as ask
    from hartonomous.ask.relations.shown_texts import with_captions
    from hartonomous.operations.placement_run import remark_stale

    with open_graph() as graph:
        rows = ask(graph, start, end, steps, pieces)
        rows = with_captions(graph, rows, "word", beside=as_json)
    remark_stale(rows, say)
    columns = {"share": "share of the arc", "word": "word", "aside": "radians from the arc"}
    print_json(rows) if as_json else print_rows(rows, columns)


@click.command(
    epilog="""\b
Example:
  hartonomous picture map.png
  hartonomous picture map.html --colour source
"""
)
@click.argument("output", type=click.Path(path_type=Path))
@click.option(
    "--colour",
    type=click.Choice(["community", "source"]),
    default="community",
    show_default=True,
    help="Meaning of the colours.",
)
@quiet_option
def picture(output: Path, colour: str, quiet: bool) -> None:
    """Draw the placement into OUTPUT, a .png, .svg or .html file.

    The most central words of each community are labelled. The .html file is
    interactive, names every word pointed at, and needs no network.
    """
    from hartonomous.operations.placement_run import draw_placement

    with open_graph() as graph:
        draw_placement(graph, output, colour, say)
    say(f"Drawn into {output}.", quiet)
