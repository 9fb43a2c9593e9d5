"""Ingesting models, loading bundles, rating."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hartonomous.cli.completion import complete_file, complete_source
from hartonomous.cli.extraction import OpensSource, extraction_options
from hartonomous.cli.omissions import say_omissions
from hartonomous.cli.output import (
    json_option,
    print_facts,
    print_json,
    progress_bar,
    quiet_option,
    say,
)

if TYPE_CHECKING:
    from hartonomous.operations.ingestion import IngestReport
    from hartonomous.operations.model_request import ModelRequest

_as = click.option(
    "--as",
    "name",
    metavar="NAME",
    help="Name of the source in the graph. Default: the last part of the path, a file's without its "
    "ending, other characters than letters, digits and . _ + - as a hyphen.",
)
_replace = click.option(
    "--replace", metavar="NAME", shell_complete=complete_source, help="Replace this source."
)


@click.command(
    epilog="""\b
Example:
  hartonomous load minilm.bundle --as minilm
"""
)
@click.argument("bundle", type=click.Path(path_type=Path))
@_as
@_replace
@json_option
@quiet_option
def load(bundle: Path, name: str | None, replace: str | None, as_json: bool, quiet: bool) -> None:
    """Load BUNDLE into the graph and rate the pairs concerned.

    After an interruption, the same command resumes.
    """
    from hartonomous.bundle import read_bundle
    from hartonomous.operations.ingestion import load_file
    from hartonomous.operations.source_names import source_name
    from hartonomous.server.connection import connect

    source_name(name, replace, str(bundle))
    verified = read_bundle(bundle)
    with connect() as graph, progress_bar(quiet) as progress:
        report = load_file(graph, verified, name, replace, progress, lambda text: say(text, quiet))
    _print_report(report, as_json, quiet)


@click.command(
    cls=OpensSource,
    epilog="""\b
Example:
  hartonomous ingest ./all-MiniLM-L6-v2 --as minilm
  hartonomous ingest glove.npy --vocabulary words.txt --limit 50000 --as glove
  hartonomous ingest docs/ --encoder ./all-MiniLM-L6-v2 --as handbook
""",
)
@click.argument("model", shell_complete=complete_file)
@_as
@_replace
@extraction_options
@json_option
@quiet_option
def ingest(
    model: str, name: str | None, replace: str | None, as_json: bool, quiet: bool, **options: Any
) -> None:
    """Extract MODEL and load it into the graph.

    MODEL is a folder, a file, a Hub id such as org/name, or documents, which
    need --encoder. After an interruption, the same command resumes; a completed
    command changes nothing when repeated.
    """
    from hartonomous.operations.model_request import request_model
    from hartonomous.operations.source_names import source_name

    source_name(name, replace, model)
    _ingest(request_model(model, **options), name, replace, as_json, quiet)


@click.command(
    epilog="""\b
Example:
  hartonomous observe holiday-pictures/ --as holidays
  hartonomous observe pictures/ --captions captions.csv --as captions
  hartonomous observe handbook/ --as handbook
"""
)
@click.argument("content", type=click.Path(path_type=Path))
@_as
@_replace
@click.option(
    "--captions",
    type=click.Path(path_type=Path),
    multiple=True,
    help="File of captions (JSON, JSONL, CSV) instead of those beside the pictures; repeatable.",
)
@click.option("--figures", is_flag=True, help="The figures of PDF files instead of their text.")
@click.option("--exclude", metavar="PATTERN", multiple=True, help="Files to skip; repeatable.")
@click.option("--limit", type=click.IntRange(1), help="Only the first pictures or sentences.")
@click.option("--subject", help="Person whose data it is (ID).")
@click.option("--licence", help="Licence of the source.")
@json_option
@quiet_option
def observe(
    content: Path, name: str | None, replace: str | None, as_json: bool, quiet: bool, **given: Any
) -> None:
    """Learn from captioned pictures or documents.

    No model is needed. CONTENT is a folder or a file. Of pictures, the words of
    their captions are related to them, to each other and to what is measured in
    the pictures; captions are files of records, texts of the same name, web pages
    and figures of PDF files, or else the names of the files. Of documents, words
    are related that stand near each other in sentences.
    """
    from hartonomous.operations.observation import request_observation
    from hartonomous.operations.source_names import source_name

    source_name(name, replace, str(content))
    _ingest(request_observation(content, **given), name, replace, as_json, quiet)


def _ingest(
    request: ModelRequest, name: str | None, replace: str | None, as_json: bool, quiet: bool
) -> None:
    from hartonomous.extract.extraction import expected_seconds
    from hartonomous.operations.ingestion import ingest_model
    from hartonomous.server.connection import connect

    takes = expected_seconds(request.opened, request.search)
    with connect() as graph, progress_bar(quiet, takes.parts) as progress:
        report = ingest_model(
            graph, request, name, replace, progress, lambda text: say(text, quiet)
        )
    _print_report(report, as_json, quiet)


def _print_report(report: IngestReport, as_json: bool, quiet: bool) -> None:
    omissions = report.omissions
    assert omissions is not None
    for finding in report.findings:
        say(f"Note: {finding.source} {finding.text}.", quiet)
    if as_json:
        told = asdict(replace(report, omissions=None))
        del told["omissions"]
        print_json({**told, **omissions.as_facts()})
        say_omissions(omissions, quiet)
        return
    if report.repeated:
        say(f"{report.name!r} is in the graph already; nothing changed.", quiet)
    facts = {
        "source": report.name,
        "compositions": report.load.compositions,
        "evidence written": report.load.rows,
        "evidence already there": report.load.already,
        "pairs rated": report.settled.pairs,
        "left out": dict(omissions.excluded),
        **({"skipped, suppressed": report.skipped} if report.skipped else {}),
    }
    print_facts(facts)
    say_omissions(omissions, quiet)


@click.command(epilog="\b\nExample:\n  hartonomous rate --all\n")
@click.option("--all", "everything", is_flag=True, help="Rate all pairs, not only those due.")
@json_option
@quiet_option
def rate(everything: bool, as_json: bool, quiet: bool) -> None:
    """Finish an interrupted rating pass, or rate all pairs.

    --all also converts a graph to this version's formulas.
    """
    from hartonomous.operations.ingestion import rate as run
    from hartonomous.server.connection import connect

    with connect() as graph, progress_bar(quiet) as progress:
        report = run(graph, progress, everything)
    print_json(asdict(report)) if as_json else print_facts(asdict(report))
