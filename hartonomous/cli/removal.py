"""A removal as people see it: the plan of it, their consent, its going, and what is said afterwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hartonomous.cli.claims import (
    certify,
    certify_erasure,
    certify_last,
    refuse_unfit,
)
from hartonomous.cli.output import (
    confirm,
    print_facts,
    print_json,
    print_rows,
    progress_bar,
    say,
)
from hartonomous.cli.residuals import print_residual

if TYPE_CHECKING:
    from hartonomous.delete.deletion_plan import Plan
    from hartonomous.delete.selectors import Selectors
    from hartonomous.graph.driver import Graph
    from hartonomous.graph.writer_lock import WriterLock

SHOW = "-"
"""A plan's file that is the terminal."""


def run(
    verb: str,
    selected: dict[str, Any],
    plan_file: str | None,
    force: bool,
    cut: bool,
    yes: bool,
    as_json: bool,
    quiet: bool,
    keep: float = 0.0,
    certificate: Path | None = None,
    ways: int = 0,
) -> None:
    """Delete or erase what is selected, or say or write the plan of it."""
    from hartonomous.delete.selectors import Selectors
    from hartonomous.graph.writer_lock import WriterLock
    from hartonomous.operations.ingestion import prepare
    from hartonomous.server.connection import connect

    selectors = Selectors(**selected)
    refuse_unfit(certificate, force)
    with connect() as graph, progress_bar(quiet) as progress:
        if plan_file or not yes:
            planned = _planned(verb, graph, selectors, progress, cut)
            if plan_file:
                _show_plan(planned, verb, plan_file, force, as_json)
                return
            _confirm(planned, verb, yes)
        prepare(graph)
        with WriterLock(graph, f"{verb} by the command line") as lock:
            if verb == "delete":
                from hartonomous.delete import deletion

                report: Any = deletion.delete(graph, lock, selectors, progress, keep, ways)
                certify(graph, lock, report, certificate)
            else:
                from hartonomous.erase import erasure

                report = erasure.erase(
                    graph,
                    lock,
                    selectors,
                    _bundles(),
                    progress,
                    certificate is not None,
                    ways,
                    lambda text: say(text, quiet),
                )
                if certificate is not None:
                    certify_erasure(graph, lock, certificate, report.id, report.scan)
    _print_report(verb, asdict(report), as_json, quiet)


def _planned(verb: str, graph: Graph, selectors: Selectors, progress: Any, cut: bool) -> Plan:
    from hartonomous.delete.deletion_plan import plan
    from hartonomous.erase.erasure_plan import plan_erasure

    if verb == "erase":
        return plan_erasure(graph, selectors, _bundles(), progress, cut)
    return plan(graph, selectors, progress, cut)


def do_or_resume(
    verb: str,
    plan_file: Path | None,
    resume: bool,
    keep: float,
    yes: bool,
    as_json: bool,
    quiet: bool,
    certificate: Path | None = None,
    ways: int = 0,
) -> None:
    """Do a plan that was written, or finish what was cut short."""
    if (plan_file is None) == (not resume):
        raise click.UsageError(f"Name what to {verb}, or give --apply FILE, or --resume.")
    from hartonomous.delete.deletion import refuse_moved
    from hartonomous.delete.plan_files import read_plan
    from hartonomous.errors import Conflict
    from hartonomous.graph.writer_lock import WriterLock
    from hartonomous.operations.ingestion import prepare
    from hartonomous.server.connection import connect

    planned = read_plan(plan_file) if plan_file else None
    if planned is not None and verb == "delete" and "reach" in planned.summary:
        raise Conflict(
            f"{plan_file} is the plan of an erasure; 'hartonomous erase --apply' does it."
        )
    refuse_unfit(certificate, force=False)
    with connect() as graph, progress_bar(quiet) as progress:
        if planned is not None:
            refuse_moved(graph, planned)
            if not planned.trusted:
                say(
                    f"{plan_file} was not signed with a key used here; the same selection was planned "
                    "again, with the same result."
                )
                planned = replace(planned, trusted=True)
            _confirm(planned, verb, yes)
        prepare(graph)
        with WriterLock(graph, f"{verb} by the command line") as lock:
            if verb == "delete":
                report = _delete(graph, lock, planned, keep, progress, ways)
                if report is not None:
                    certify(graph, lock, report, certificate)
            else:
                report = _erase(
                    graph, lock, planned, progress, certificate is not None, ways, quiet
                )
                if report is not None and certificate is not None:
                    certify_erasure(graph, lock, certificate, report.id, report.scan)
            if report is None:
                certify_last(graph, lock, verb, certificate, quiet)
    if report is not None:
        _print_report(verb, asdict(report), as_json, quiet)


def _delete(
    graph: Graph, lock: WriterLock, planned: Plan | None, keep: float, progress: Any, ways: int
) -> Any:
    from hartonomous.delete import deletion

    if planned is not None:
        return deletion.apply(graph, lock, planned, progress, keep, ways)
    return deletion.resume(graph, lock, progress)


def _erase(
    graph: Graph,
    lock: WriterLock,
    planned: Plan | None,
    progress: Any,
    certified: bool,
    ways: int,
    quiet: bool,
) -> Any:
    from hartonomous.erase import erasure

    def tell(text: str) -> None:
        say(text, quiet)

    if planned is not None:
        return erasure.apply(graph, lock, planned, _bundles(), progress, certified, ways, tell)
    return erasure.resume(graph, lock, _bundles(), progress, certified, tell)


def _bundles() -> Path:
    """Return where earlier versions left bundles."""
    from hartonomous.directories import cache

    return cache() / "bundles"


def _show_plan(planned: Plan, verb: str, file: str, force: bool, as_json: bool) -> None:
    from hartonomous.delete.plan_files import write_plan
    from hartonomous.speeds import REMOVE, forecast

    summary = planned.summary
    if file != SHOW:
        summary = write_plan(planned, Path(file), force)
    if as_json:
        print_json(summary)
        return
    facts: dict[str, object] = {**summary["counts"]}
    for source, rows in summary["sources"].items():
        facts[f"from {source}"] = {e: one["rows"] for e, one in rows["removed"].items()}
    facts["still supported by"] = summary["survivors"]
    facts["goes"] = [f"{one['text']} ({one['why']})" for one in summary["compositions"][:20]]
    if summary["cut"]:
        facts["cut off"] = summary["cut"]["cut_off"]
        facts["parts before, after"] = summary["cut"]["parts"]
        facts["articulation points before, after"] = summary["cut"]["articulation_points"]
    facts["votes that change"] = sorted(summary["votes"])
    facts["bytes freed"] = summary["expected"]["bytes"]
    counts = summary["counts"]
    takes = forecast({REMOVE: counts["evidence"] + counts["kept"] + counts["shifted"]})
    facts["time expected"] = str(takes)
    print_facts(facts)
    _print_held(summary.get("held", ()))
    if file != SHOW:
        say(f"Written to {file}; 'hartonomous {verb} --apply {file}' does exactly this.")


def _confirm(planned: Plan, verb: str, yes: bool) -> None:
    if yes:
        return
    counts = planned.summary["counts"]
    say(
        f"{counts['evidence']:,} edges of evidence go; {counts['lost']:,} relations are lost, "
        f"{counts['kept']:,} are kept and rated anew, {counts['shifted']:,} move."
    )
    for one in planned.summary.get("held", ()):
        until = f", until {one['until']}" if one["until"] else ""
        say(f"Stays: {one['what']}{until}; {one['do']}." if one["do"] else f"Goes: {one['what']}.")
    confirm(verb, f"{verb.capitalize()} this?", yes)


def _print_held(held: Sequence[Mapping[str, Any]]) -> None:
    """Print what holds something of what is erased: what goes with it, and what to do about the rest."""
    if held:
        rows = [{**one, "until": one["until"] or "", "do": one["do"] or "goes"} for one in held]
        print_rows(rows, {"what": "held elsewhere by", "until": "until", "do": "what to do"})


def _print_report(verb: str, report: dict[str, Any], as_json: bool, quiet: bool) -> None:
    if as_json:
        print_json(report)
        return
    if verb == "erase":
        for file, text in report["found_in"]:
            say(f"{text!r} still stands in {file}, in live data or beside it.")
        _print_held(report["still_held"])
        copies = report.pop("remaining_copies")
        print_rows([{"copies": one} for one in copies], {"copies": "copies that may remain"})
    if found := report["residual"]:
        print_residual(found)
    gone = f"{report['removed']:,} edges of evidence, {report['lost']:,} relations and "
    gone += f"{report['compositions']:,} compositions"
    say(f"{'Erased' if verb == 'erase' else 'Deleted'} {gone}.", quiet)
    if verb == "erase":
        say(
            f"Purged besides of it: {report['deletions_purged']:,} deletions that could be undone, "
            f"{report['bundles_purged']:,} bundles, {report['snapshots_dropped']:,} snapshots, "
            f"{report['names_purged']:,} names.",
            quiet,
        )
    if report.get("until"):
        say(f"'hartonomous undo {report['id']}' takes it back until {report['until']}.", quiet)
