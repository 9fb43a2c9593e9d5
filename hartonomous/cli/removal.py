"""Removals on the command line: the plan, the confirmation, the removal and its report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hartonomous.cli.output import (
    confirm,
    print_facts,
    print_json,
    print_rows,
    progress_bar,
    say,
)
from hartonomous.cli.residuals import print_residual
from hartonomous.schema import DEFAULT_RELATION

if TYPE_CHECKING:
    from hartonomous.delete.deletion_plan import Plan
    from hartonomous.graph.driver import Graph
    from hartonomous.operations.removal import CertificateFile, RemovalOptions

LISTED = 20
"""Compositions of a plan that are named."""

SHOW = "-"
"""The plan file that means standard output."""

_COUNTS = {"lost": "relations lost", "kept": "relations kept", "shifted": "relations shifted"}
"""Headings of a plan's counts, where they differ from the names in its file."""


def run(
    verb: str,
    selected: dict[str, Any],
    plan_file: str | None,
    force: bool,
    cut: bool,
    yes: bool,
    as_json: bool,
    quiet: bool,
    **chosen: Any,
) -> None:
    """Delete or erase what is selected, or print or write the plan."""
    from hartonomous.operations import removal
    from hartonomous.server.connection import connect

    selectors = removal.request_selectors(**selected)
    options = _options(quiet, force=force, **chosen)
    with connect() as graph, progress_bar(quiet) as progress:
        options = replace(options, progress=progress)
        if plan_file or not yes:
            planned = removal.plan_removal(graph, verb, selectors, progress, cut)
            if plan_file:
                _show_plan(graph, planned, verb, plan_file, force, as_json)
                return
            _confirm(planned, verb, yes)
        remove = removal.delete if verb == removal.DELETE else removal.erase
        report = remove(graph, selectors, options)
        _print_report(graph, verb, asdict(report), as_json, quiet)


def do_or_resume(
    verb: str,
    plan_file: Path | None,
    resume: bool,
    yes: bool,
    as_json: bool,
    quiet: bool,
    **chosen: Any,
) -> None:
    """Execute a plan from a file, or finish an interrupted removal."""
    if (plan_file is None) == (not resume):
        raise click.UsageError(f"Name what to {verb}, or give --apply FILE, or --resume.")
    from hartonomous.delete.plan_files import read_plan
    from hartonomous.errors import Conflict
    from hartonomous.operations import removal
    from hartonomous.server.connection import connect

    planned = read_plan(plan_file) if plan_file else None
    if planned is not None and verb == removal.DELETE and removal.verb_of(planned) != verb:
        raise Conflict(
            f"{plan_file} is the plan of an erasure; 'hartonomous erase --apply' executes it."
        )
    options = _options(quiet, force=False, **chosen)
    with connect() as graph, progress_bar(quiet) as progress:
        options = replace(options, progress=progress)
        if planned is None:
            done = removal.resume(graph, verb, options)
            report = done.report
            if report is None:
                _say_resumed(done.certified, options.certificate, quiet)
        else:
            planned = removal.vouched(graph, planned, say, str(plan_file))
            _confirm(planned, verb, yes)
            report = removal.apply_plan(graph, planned, verb, options)
        if report is not None:
            _print_report(graph, verb, asdict(report), as_json, quiet)


def _options(
    quiet: bool,
    force: bool,
    certificate: Path | None = None,
    ways: int = 0,
    keep: float = 0.0,
) -> RemovalOptions:
    """Return how the removal is done; raises before anything is connected to or changed."""
    from hartonomous.operations.removal import CertificateFile, RemovalOptions

    return RemovalOptions(
        keep,
        ways,
        None if certificate is None else CertificateFile(certificate, force),
        say=lambda text: say(text, quiet),
        by="the command line",
    )


def _say_resumed(certified: str | None, file: CertificateFile | None, quiet: bool) -> None:
    if certified is None or file is None:
        say("Nothing was interrupted.", quiet)
        return
    say(f"Nothing was interrupted; {file.path} certifies the last erasure, {certified}.", quiet)


def _show_plan(
    graph: Graph, planned: Plan, verb: str, file: str, force: bool, as_json: bool
) -> None:
    from hartonomous.ask.relations.shown_texts import with_captions
    from hartonomous.delete.plan_files import write_plan
    from hartonomous.speeds import REMOVE, forecast

    summary = planned.summary
    if file != SHOW:
        summary = write_plan(planned, Path(file), force)
    if as_json:
        print_json(summary)
        return
    counts = summary["counts"]
    facts: dict[str, object] = {_COUNTS.get(name, name): n for name, n in counts.items()}
    for source, rows in summary["sources"].items():
        facts[f"from {source}"] = {e: one["rows"] for e, one in rows["removed"].items()}
    facts["still supported by"] = summary["survivors"]
    facts["compositions removed"] = [
        f"{one['text']} ({one['why']})"
        for one in with_captions(graph, summary["compositions"][:LISTED], "text")
    ]
    if summary["cut"]:
        facts["rated types"] = summary["cut"].get("types", [DEFAULT_RELATION])
        facts["disconnected"] = summary["cut"]["cut_off"]
        facts["components before, after"] = summary["cut"]["parts"]
        facts["articulation points before, after"] = summary["cut"]["articulation_points"]
    facts["votes that change"] = sorted(summary["votes"])
    facts["bytes freed"] = summary["expected"]["bytes"]
    takes = forecast({REMOVE: counts["evidence"] + counts["kept"] + counts["shifted"]})
    facts["time expected"] = str(takes)
    print_facts(facts)
    _print_held(summary.get("held", ()))
    if file != SHOW:
        say(f"Written to {file}; 'hartonomous {verb} --apply {file}' executes exactly this plan.")


def _confirm(planned: Plan, verb: str, yes: bool) -> None:
    if yes:
        return
    counts = planned.summary["counts"]
    say(
        f"{counts['evidence']:,} edges of evidence will be removed; {counts['lost']:,} relations "
        f"are lost, {counts['kept']:,} are kept and rated again, {counts['shifted']:,} shift."
    )
    for one in planned.summary.get("held", ()):
        until = f", until {one['until']}" if one["until"] else ""
        text = f"Remains: {one['what']}{until}; {one['do']}."
        say(text if one["do"] else f"Also erased: {one['what']}.")
    confirm(verb, f"{verb.capitalize()} this?", yes)


def _print_held(held: Sequence[Mapping[str, Any]]) -> None:
    """Print the copies of erased data: those erased with it, and the remedies for the others."""
    if held:
        rows = [{**one, "until": one["until"] or "", "do": one["do"] or "erased"} for one in held]
        print_rows(rows, {"what": "copies", "until": "expires", "do": "remedy"})


def _print_report(
    graph: Graph, verb: str, report: dict[str, Any], as_json: bool, quiet: bool
) -> None:
    if as_json:
        print_json(report)
        return
    if verb == "erase":
        for file, text in report["found_in"]:
            say(f"{text!r} is still in {file}, in live data or beside it.")
        _print_held(report["still_held"])
        copies = report.pop("remaining_copies")
        print_rows([{"copies": one} for one in copies], {"copies": "copies that may remain"})
    if found := report["residual"]:
        print_residual(graph, found)
    gone = f"{report['removed']:,} edges of evidence, {report['lost']:,} relations and "
    gone += f"{report['compositions']:,} compositions"
    say(f"{'Erased' if verb == 'erase' else 'Deleted'} {gone}.", quiet)
    if verb == "erase":
        say(
            f"Also erased: {report['deletions_purged']:,} retained deletions, "
            f"{report['bundles_purged']:,} bundles, {report['snapshots_dropped']:,} snapshots, "
            f"{report['names_purged']:,} names.",
            quiet,
        )
    if report.get("until"):
        say(f"'hartonomous undo {report['id']}' restores it until {report['until']}.", quiet)
