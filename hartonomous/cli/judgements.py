"""Judgements of people: accept, reject, correct, batches of them, and what to review."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hartonomous.cli.completion import complete_file, complete_source, complete_type, complete_word
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
from hartonomous.cli.rated_types import type_option

if TYPE_CHECKING:
    from hartonomous.operations.judgements import Judgement, JudgementReport

_as = click.option(
    "--as", "name", metavar="PERSON", required=True, help="Name of the person who judges."
)
_type = click.option(
    "--type",
    metavar="TYPE",
    shell_complete=complete_type,
    help="Rated type. Default: the one that relates the two, else RELATES.",
)
_start = click.argument("start", metavar="A", shell_complete=complete_word)
_end = click.argument("end", metavar="B", shell_complete=complete_word)
_withdraw = click.option("--withdraw", is_flag=True, help="Take this judgement back.")

SHOWN = 20
"""Judged pairs of a batch that are printed."""


@click.command(
    epilog="""\b
Example:
  hartonomous accept cat kitten --as ann
  hartonomous accept cat kitten --as ann --withdraw
"""
)
@_start
@_end
@_as
@_type
@_withdraw
@json_option
@quiet_option
def accept(start: str, end: str, **options: Any) -> None:
    """Accept, as a person, that A and B are related.

    A and B are words, texts, or pictures by their file. An acceptance raises the
    two's ratings as far as the person is trusted, and makes a relation where there
    was none. Saying it again changes nothing; with a rejection by the same person
    it cancels out, until one of the two is withdrawn.
    """
    _one("accept", start, end, **options)


@click.command(
    epilog="""\b
Example:
  hartonomous reject cat car --as ann
  hartonomous reject drawing.png banana --as ann
"""
)
@_start
@_end
@_as
@_type
@_withdraw
@json_option
@quiet_option
def reject(start: str, end: str, **options: Any) -> None:
    """Reject, as a person, that A and B are related.

    A rejection lowers the two's ratings as far as the person is trusted; it raises
    nothing and makes no relation. Of a pair that no source relates it is kept, and
    counts once one does.
    """
    _one("reject", start, end, **options)


def _one(
    verdict: str, start: str, end: str, name: str, type: str | None, withdraw: bool, **shown: bool
) -> None:
    from hartonomous.operations.judgements import Judgement

    _run([Judgement(verdict, start, end, type)], name, withdraw=withdraw, **shown)


@click.command(
    epilog="""\b
Example:
  hartonomous correct cat car kitten --as ann
"""
)
@_start
@click.argument("wrong", metavar="B", shell_complete=complete_word)
@click.argument("right", metavar="C", shell_complete=complete_word)
@_as
@_type
@json_option
@quiet_option
def correct(
    start: str,
    wrong: str,
    right: str,
    name: str,
    type: str | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Correct, as a person: A is not B but C.

    Rejects the relation of A and B and accepts that of A and C, in one act.
    """
    from hartonomous.operations.judgements import correct as run
    from hartonomous.server.connection import connect

    with connect() as graph, progress_bar(quiet) as progress:
        report = run(graph, name, start, wrong, right, type, progress)
    _print(report, as_json, quiet)


@click.command(
    epilog="""\b
Example:
  hartonomous judge judgements.csv --as ann
  hartonomous judge clicks.jsonl --as shop-visitors --known
"""
)
@click.argument("file", type=click.Path(path_type=Path), shell_complete=complete_file)
@_as
@click.option("--known", is_flag=True, help="Leave out words that are not in the graph.")
@json_option
@quiet_option
def judge(file: Path, name: str, known: bool, as_json: bool, quiet: bool) -> None:
    """Add a batch of judgements from FILE.

    FILE is CSV with the columns verdict (accept, reject or correct), start, end,
    and type and right where they apply, or JSON lines with these fields. All of
    it is taken, or nothing.
    """
    from hartonomous.operations.judgement_files import read_judgements

    _run(read_judgements(file), name, known=known, as_json=as_json, quiet=quiet)


def _run(judgements: list[Judgement], name: str, as_json: bool, quiet: bool, **how: bool) -> None:
    from hartonomous.operations.judgements import judge as run
    from hartonomous.server.connection import connect

    with connect() as graph, progress_bar(quiet) as progress:
        report = run(graph, name, judgements, progress=progress, **how)
    _print(report, as_json, quiet)


def _print(report: JudgementReport, as_json: bool, quiet: bool) -> None:
    if as_json:
        print_json({**asdict(report), "pairs": [asdict(one) for one in report.pairs]})
        return
    if not report.changed:
        say(f"{report.name!r} had said all of this before; nothing changed.", quiet)
    for one in report.pairs[:SHOWN]:
        if one.accepted and one.rejected:
            say(
                f"{report.name!r} both accepted and rejected {one.start!r} {one.type} {one.end!r}: "
                "the two cancel out. --withdraw takes one of them back.",
                quiet,
            )
        elif one.asleep and one.rejected:
            say(
                f"No source relates {one.start!r} and {one.end!r} by {one.type}; the rejection is "
                "kept, and counts once one does.",
                quiet,
            )
    print_facts(
        {
            "person": report.name,
            "trust": f"{report.trust:.1f}",
            "judgements": report.judgements,
            "changed now": report.changed,
            **({"left out, unknown words": report.unknown} if report.unknown else {}),
        }
    )
    if report.pairs:
        click.echo()
        columns = {
            "start": "A",
            "type": "type",
            "end": "B",
            "consensus_before": "cons. before",
            "consensus": "consensus",
            "elo_before": "elo before",
            "elo": "elo",
        }
        print_rows([_rounded(asdict(one)) for one in report.pairs[:SHOWN]], columns)
    if len(report.pairs) > SHOWN:
        say(f"{len(report.pairs) - SHOWN:,} more; --json lists them all.", quiet)


def _rounded(row: dict[str, Any]) -> dict[str, Any]:
    elos = {
        name: None if row[name] is None else round(row[name], 1) for name in ("elo_before", "elo")
    }
    return {**row, **elos}


@click.command(
    epilog="""\b
Example:
  hartonomous review
  hartonomous review cat --source captions --json
"""
)
@click.argument("word", required=False, shell_complete=complete_word)
@click.option(
    "--source", shell_complete=complete_source, help="Only pairs observed by this source."
)
@type_option
@top_option
@json_option
def review(word: str | None, source: str | None, type: str, top: int, as_json: bool) -> None:
    """List the pairs most worth judging.

    These are pairs whose judgement would change most answers: the consensus is
    near even odds, so that one more voice moves it most, and both compositions
    have many relations whose order it is part of. Without WORD, of the whole
    graph; pairs that people judged before come later.
    """
    from hartonomous.ask.relations.review import review as ask
    from hartonomous.ask.relations.shown_texts import with_captions
    from hartonomous.cli.neighbourhood import open_graph

    with open_graph() as graph:
        rows = ask(graph, word, top, source, type)
        rows = with_captions(graph, rows, "start", "end", beside=as_json)
    if as_json:
        print_json(rows)
        return
    columns = {
        "start": "A",
        "type": "type",
        "end": "B",
        "consensus": "consensus",
        "relations": "relations",
        "judged": "judged",
    }
    print_rows(rows, columns)
