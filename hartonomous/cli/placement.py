"""Places on the sphere: lay the graph out, ask what lies near and between, draw it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hartonomous.cli.affinity import top_option
from hartonomous.cli.neighbourhood import open_graph
from hartonomous.cli.output import (
    json_option,
    print_facts,
    print_json,
    print_rows,
    progress_bar,
    quiet_option,
    say,
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
    help="Numbers in a spectral vector.",
)
@click.option(
    "--save", type=click.Path(path_type=Path), help="Keep the placement in a file, to align by."
)
@click.option(
    "--align",
    "older",
    type=click.Path(path_type=Path),
    help="Turn it onto a saved one and compare; the graph keeps it unturned.",
)
@click.option(
    "--picture",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Draw it: .png, or .html to turn and zoom in.",
)
@click.option("--between", nargs=2, metavar="A B", help="Sources whose agreement is measured.")
@click.option(
    "--dense",
    multiple=True,
    metavar="SOURCE=MODEL",
    help="Model whose vectors to set beside, for both sources.",
)
@click.option("--measure", is_flag=True, help="Agreement over every shared word, not a sample.")
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
    """Lay the graph of all sources out on the sphere S3.

    Every composition joined to the rest gets a unit quaternion and a spectral
    vector, by the graph's leading eigenvectors, and how much of the graph they
    keep is measured.
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
        done = lay_out_graph(graph, request, progress)
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
    "space": "neighbours kept by",
    "dimensions": "dimensions",
    "recall": "recall",
    "nearest": "of the nearest",
    "sample": "words asked",
}
_AGREEMENT = {
    "method": "same word found by",
    "first_source": "from",
    "second_source": "in",
    "mrr": "MRR",
    "first": "first",
    "queries": "words asked",
    "gallery": "among",
}


def _remarks(measured: bool, pair: tuple[str, str] | None, beside: set[str], quiet: bool) -> None:
    if not measured:
        say("Agreement between models needs two sources that know the same words.", quiet)
    elif pair and not set(pair) <= beside:
        say(f"Vectors to set beside: --dense {pair[0]}=MODEL --dense {pair[1]}=MODEL.", quiet)
    if measured:
        say(
            "The placement has seen each word asked for in both sources; Procrustes, fitted on "
            "other words, has not.",
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
@click.argument("word")
@top_option
@click.option(
    "--by",
    type=click.Choice(["sphere", "spectral"]),
    default="sphere",
    show_default=True,
    help="The four numbers of the sphere, or the whole spectral vector.",
)
@click.option("--pieces", is_flag=True, help="Continuation pieces (##ing) too.")
@json_option
def near_on_sphere(word: str, top: int, by: str, pieces: bool, as_json: bool) -> None:
    """What lies nearest to WORD, by angle.

    The sphere is a map, not a measure: four numbers keep few of a word's
    neighbours, and 'place' says how few.
    """
    from hartonomous.ask.layout.placement_queries import near_on_sphere as ask
    from hartonomous.operations.placement_run import remark_stale

    with open_graph() as graph:
        rows = ask(graph, word, top, by, pieces)
    remark_stale(rows, say)
    columns = {"neighbour": "neighbour", "distance": "radians"}
    print_json(rows) if as_json else print_rows(rows, columns)


@click.command(epilog="\b\nExample:\n  hartonomous distance king queen\n")
@click.argument("start", metavar="A")
@click.argument("end", metavar="B")
@json_option
def distance(start: str, end: str, as_json: bool) -> None:
    """How far A and B lie apart, in radians.

    Along the sphere (geodesic, 0 to 3.142), and between their spectral vectors.
    """
    from hartonomous.ask.layout.placement_queries import distance as ask
    from hartonomous.operations.placement_run import remark_stale

    with open_graph() as graph:
        row = ask(graph, start, end)
    remark_stale([row], say)
    print_json(row) if as_json else print_facts(row)


@click.command(epilog="\b\nExample:\n  hartonomous slerp king bread --steps 8\n")
@click.argument("start", metavar="A")
@click.argument("end", metavar="B")
@click.option(
    "--steps", default=10, show_default=True, type=click.IntRange(2, 1_000), help="How many."
)
@click.option("--pieces", is_flag=True, help="Continuation pieces (##ing) too.")
@json_option
def slerp(start: str, end: str, steps: int, pieces: bool, as_json: bool) -> None:
    """What lies on the shortest way along the sphere from A to B.

    At each step the word nearest to it, and how far aside it lies.
    """
    from hartonomous.ask.layout.placement_queries import slerp as ask
    from hartonomous.operations.placement_run import remark_stale

    with open_graph() as graph:
        rows = ask(graph, start, end, steps, pieces)
    remark_stale(rows, say)
    columns = {"share": "of the way", "word": "word", "aside": "radians aside"}
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
    help="What colours tell apart.",
)
@quiet_option
def picture(output: Path, colour: str, quiet: bool) -> None:
    """Draw the placement into OUTPUT: .png, or .html that needs no network."""
    from hartonomous.operations.placement_run import draw_placement

    with open_graph() as graph:
        draw_placement(graph, output, colour, say)
    say(f"Drawn into {output}.", quiet)
