"""Whether a model is worth ingesting, and what each source in the graph adds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hartonomous.cli.extraction import extraction, extraction_options, opening
from hartonomous.cli.neighbourhood import open_graph
from hartonomous.cli.output import (
    Progress,
    json_option,
    print_facts,
    print_json,
    print_rows,
    progress_bar,
    quiet_option,
    say,
)

if TYPE_CHECKING:
    from hartonomous.bundle import Bundle
    from hartonomous.evaluate.advice import Advice
    from hartonomous.extract.importer_protocol import OpenedModel
    from hartonomous.graph.driver import Graph

MOST_WORDS = 100_000
MOST_POSITIONS = 12


@click.command(
    epilog="""\b
Example:
  hartonomous advise ./all-MiniLM-L6-v2
  hartonomous advise
  hartonomous advise --curve gain.png
"""
)
@click.argument("model", required=False)
@click.option(
    "--curve",
    type=click.Path(path_type=Path),
    help="PNG, PDF, SVG or JSON: quality by number of sources.",
)
@click.option("--whole", is_flag=True, help="The whole model, however large, no sample of it.")
@extraction_options
@json_option
@quiet_option
@click.pass_context
def advise(
    context: click.Context,
    /,
    model: str | None,
    curve: Path | None,
    whole: bool,
    as_json: bool,
    quiet: bool,
    **options: Any,
) -> None:
    """Whether MODEL is worth ingesting; without MODEL, what each source adds.

    MODEL (or a bundle) is taken apart and compared with the graph; nothing is
    written to it. Exit code 1 when the verdict is no, or some source adds
    nothing. Gold lists come with gensim, where it is installed.
    """
    if model is not None and curve is not None:
        raise click.UsageError("--curve is about the sources in the graph; leave MODEL out.")
    if curve is not None:
        _write_curve(curve, as_json, quiet)
    elif model is not None:
        context.exit(0 if _advise_model(model, whole, as_json, quiet, options) else 1)
    else:
        context.exit(0 if _advise_graph(as_json) else 1)


def _advise_model(
    model: str, whole: bool, as_json: bool, quiet: bool, options: dict[str, Any]
) -> bool:
    from hartonomous.bundle import is_bundle, read_bundle
    from hartonomous.evaluate.advice import advise as run
    from hartonomous.evaluate.word_similarity import gold_if_there

    with open_graph() as graph, progress_bar(quiet) as progress:
        if is_bundle(Path(model)):
            advice = run(graph, read_bundle(Path(model)), gold_if_there(), [], None)
        else:
            opened, sample, expected = _opened(model, whole, options)
            with _extracted(graph, opened, options, bool(sample), progress, quiet) as bundle:
                rows = sum(track.rows for track in bundle.tracks)
                evidence = expected if sample else rows
                advice = run(graph, bundle, gold_if_there(), sample, evidence)
    if as_json:
        print_json(asdict(advice))
    else:
        _print_advice(advice)
    return advice.worth


def _opened(model: str, whole: bool, options: dict[str, Any]) -> tuple[OpenedModel, list[str], int]:
    """Return a model or a sample of it, what the sample is, and the edges all of it would bring."""
    from hartonomous.extract.extraction import forecast, open_model
    from hartonomous.extract.position_sample import sample_positions

    sample: list[str] = []
    opened = open_model(model, *opening(options))
    expected = forecast(opened, extraction(options))["evidence_edges"]
    if not whole:
        if len(opened.vocabulary) > MOST_WORDS:
            sample = [f"the first {MOST_WORDS:,} of {len(opened.vocabulary):,} words"]
            opened = open_model(model, *opening({**options, "limit": MOST_WORDS}))
        opened, positions = sample_positions(opened, MOST_POSITIONS)
        sample += positions
    return opened, sample, expected


@contextmanager
def _extracted(
    graph: Graph,
    opened: OpenedModel,
    options: dict[str, Any],
    sampled: bool,
    progress: Progress,
    quiet: bool,
) -> Iterator[Bundle]:
    """Give the bundle of a model; that of a whole one waits afterwards, for an ingest into this graph."""
    from hartonomous.extract.extraction import describe_source, extract_cached
    from hartonomous.load.bundle_cache import UNNAMED, use_bundle

    chosen = extraction(options)
    source = describe_source(opened, chosen)
    purpose = "advice on the same model"
    with use_bundle(graph, source, None, purpose, lambda text: say(text, quiet)) as place:
        yield extract_cached(opened, chosen, place.folder, progress)
        if sampled or place.graph == UNNAMED:
            place.remove()


def _print_advice(advice: Advice) -> None:
    facts = asdict(advice)
    likeness, expected = facts.pop("likeness"), facts.pop("expected")
    facts["worth"] = "yes" if facts["worth"] else "no"
    print_facts({name.replace("_", " "): value for name, value in facts.items()})
    if likeness:
        click.echo()
        columns = {"source": "source", "words": "words in common", "overlap": "overlap"}
        print_rows(likeness, {**columns, "lift": "lift", "apart": "apart"})
    if expected:
        click.echo()
        columns = {"gold": "list", "gain": "gain", "low": "from", "high": "to"}
        print_rows(expected, columns)


def _advise_graph(as_json: bool) -> bool:
    from hartonomous.evaluate.source_contribution import contributions
    from hartonomous.evaluate.word_similarity import gold_if_there

    with open_graph() as graph:
        found = contributions(graph, gold_if_there())
    if as_json:
        print_json([asdict(one) for one in found])
        return all(one.adds for one in found)
    columns = {
        "source": "source",
        "words": "words",
        "only_words": "only it",
        "pairs": "pairs",
        "only_pairs": "only it ",
        "nearest": "nearest",
        "overlap": "overlap",
        "lift": "lift",
        "vote": "vote",
        "hubness": "hub",
        "adds": "adds",
    }
    print_rows([{**asdict(one), "vote": one.vote / 1e6} for one in found], columns)
    for one in found:
        for remark in one.remarks:
            say(f"{one.source}: {remark}.")
        for gain in one.gains:
            say(
                f"{one.source}, {gain.gold}: {gain.gain:+.3f} with it "
                f"({gain.low:+.3f} to {gain.high:+.3f})."
            )
    return all(one.adds for one in found)


def _write_curve(path: Path, as_json: bool, quiet: bool) -> None:
    from hartonomous.evaluate.learning_curve import gain_curve
    from hartonomous.evaluate.plots import plot_curve
    from hartonomous.evaluate.word_similarity import gold_if_there

    with open_graph() as graph, progress_bar(quiet) as progress:
        curve = gain_curve(graph, gold_if_there(), progress)
    if path.suffix.lower() == ".json":
        path.write_text(json.dumps(asdict(curve), indent=2) + "\n", "utf-8")
    else:
        plot_curve(curve, path)
    say(f"Written to {path}.", quiet)
    if as_json:
        print_json(asdict(curve))
        return
    columns = {"measure": "measure", "order": "order", "sources": "sources", "value": "value"}
    print_rows([asdict(point) for point in curve.points], {**columns, "low": "low", "high": "high"})
