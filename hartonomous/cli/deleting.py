"""Taking knowledge out: what is meant, what would go, and its going; for a time or for good."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hartonomous.cli.attesting import (
    certify,
    certify_erasure,
    certify_last,
    compact,
    is_managed,
    refuse_unfit,
)
from hartonomous.cli.output import (
    F,
    confirm,
    json_option,
    print_facts,
    print_json,
    print_rows,
    progress_bar,
    quiet_option,
    say,
)
from hartonomous.cli.remaining import print_residual

if TYPE_CHECKING:
    from hartonomous.forget.planning import Plan
    from hartonomous.store.graph import Graph
    from hartonomous.store.locking import WriterLock

Run = Callable[..., None]

SHOW = "-"
LONGEST = 36_500

_keep = click.option(
    "--keep",
    default=30.0,
    show_default=True,
    type=click.FloatRange(0, LONGEST),
    metavar="DAYS",
    help="How long it can be undone.",
)
_certificate = click.option(
    "--certificate",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write a signed certificate of it.",
)
_ways = click.option(
    "--ways",
    default=0,
    type=click.IntRange(0, 20),
    metavar="K",
    help="Say the K likeliest ways that remain, by Graph Data Science.",
)
_yes = click.option("--yes", is_flag=True, help="Do not ask.")
_apply = click.option("--apply", "plan_file", type=click.Path(path_type=Path), help="Do this plan.")
_resume = click.option("--resume", is_flag=True, help="Finish what was cut short.")
_exact = click.option("--exact", is_flag=True, help="The words alone, not what holds them.")
_any_case = click.option("--any-case", is_flag=True, help="However they are capitalised.")
_reach = click.option("--reach", metavar="HOW", help="And what is near: depth:N or pagerank:SHARE.")


@click.group(
    invoke_without_command=True,
    epilog="""\b
Example:
  hartonomous delete concept king --plan plan.json
  hartonomous delete --apply plan.json --yes
""",
)
@_apply
@_resume
@_keep
@_certificate
@_ways
@_yes
@json_option
@quiet_option
def delete(keep: float, **options: Any) -> None:
    """Take knowledge out of the graph; until its window ends it can be undone.

    --apply refuses, with exit code 4, a plan that was edited or a graph that has
    moved since. Interrupted, the same command goes on.
    """
    if click.get_current_context().invoked_subcommand is None:
        _do_or_resume("delete", keep=keep, **options)


@click.group(
    invoke_without_command=True,
    epilog="""\b
Example:
  hartonomous erase person user_12345 --plan
  hartonomous erase person user_12345 --yes
""",
)
@_apply
@_resume
@_certificate
@_ways
@_yes
@json_option
@quiet_option
def erase(**options: Any) -> None:
    """Take knowledge out for good: nothing is kept, and it is kept from coming back.

    What earlier deletions kept of it goes too. It cannot be undone; a recorded
    'suppressions lift' lets the same in again when it is ingested anew. A
    certificate must be asked for with the erasure; where nothing was cut short,
    --resume --certificate FILE issues that of the last one, again if need be.
    """
    if click.get_current_context().invoked_subcommand is None:
        _do_or_resume("erase", keep=0.0, **options)


def _options(verb: str, command: F) -> F:
    for option in (
        quiet_option,
        json_option,
        _yes,
        *((_keep,) if verb == "delete" else ()),
        _ways,
        _certificate,
        click.option("--force", is_flag=True, help="Overwrite the plan's or certificate's file."),
        click.option("--cut", is_flag=True, help="Say in the plan what is cut off from the rest."),
        click.option(
            "--plan",
            "plan_file",
            is_flag=False,
            flag_value=SHOW,
            metavar="[FILE]",
            help="Say what would go, or write it to FILE; the graph stays.",
        ),
    ):
        command = option(command)
    return command


def _add_selectors(group: click.Group, verb: str) -> None:
    """Give a group a command for each way to say what goes."""

    def command(name: str, example: str, *arguments: Any) -> Callable[[Run], click.Command]:
        def register(function: Run) -> click.Command:
            function = _options(verb, function)
            for argument in reversed(arguments):
                function = argument(function)
            epilog = f"\b\nExample:\n  hartonomous {verb} {name} {example} --plan\n"
            return group.command(name, epilog=epilog)(function)

        return register

    @command("source", "glove", click.argument("names", nargs=-1, required=True, metavar="NAME..."))
    def source(names: tuple[str, ...], **options: Any) -> None:
        """Take sources out: their evidence goes, what it touched is rated anew."""
        _run(verb, {"sources": names}, **options)

    words_argument = click.argument("words", nargs=-1, required=True, metavar="WORD...")

    @command("concept", "king", words_argument, _exact, _any_case, _reach)
    def concept(
        words: tuple[str, ...], exact: bool, any_case: bool, reach: str | None, **options: Any
    ) -> None:
        """Take words out, with every sentence, context and label that holds one."""
        selected = {"concepts": words, "exact": exact, "any_case": any_case, "reach": reach}
        _run(verb, selected, **options)

    people_argument = click.argument("people", nargs=-1, required=True, metavar="ID...")

    @command("person", "user_12345", people_argument)
    def person(people: tuple[str, ...], **options: Any) -> None:
        """Take out every source whose subject is exactly ID."""
        _run(verb, {"people": people}, **options)

    ends = (click.argument("first", metavar="A"), click.argument("second", metavar="B"))

    @command("relation", "king throne", *ends)
    def relation(first: str, second: str, **options: Any) -> None:
        """Take out all evidence between A and B, either way."""
        _run(verb, {"relations": ((first, second),)}, **options)

    @command(
        "evidence",
        "--source glove --type EMBEDDING_EVIDENCE --max 0.3",
        click.option("--source", "name", required=True, help="Whose evidence."),
        click.option("--type", "evidence", required=True, help="Of which type."),
        click.option("--min", "least", type=float, help="Mean weight from here, 0 to 1."),
        click.option("--max", "most", type=float, help="Mean weight up to here, 0 to 1."),
    )
    def evidence(
        name: str, evidence: str, least: float | None, most: float | None, **options: Any
    ) -> None:
        """Take out one source's evidence of one type whose mean weight is in range."""
        from hartonomous.forget.selecting import evidence_range

        _run(verb, {"evidence": (evidence_range(name, evidence, least, most),)}, **options)

    @command(
        "many",
        "--source glove --concept king --licence GPL-3.0",
        click.option("--source", "sources", multiple=True, help="Repeatable, like all of these."),
        click.option("--concept", "concepts", multiple=True, help="A word and what holds it."),
        click.option("--person", "people", multiple=True, help="Sources of this subject."),
        click.option("--licence", "licences", multiple=True, help="Sources under this licence."),
        click.option("--family", "families", multiple=True, help="Sources of this family."),
        click.option("--relation", "relations", nargs=2, multiple=True, help="Between two words."),
        _exact,
        _any_case,
        _reach,
    )
    def many(**options: Any) -> None:
        """Take out several things at once; each pair concerned is rated once."""
        from hartonomous.forget.selecting import Selectors

        names = Selectors.__dataclass_fields__.keys() & options.keys()
        _run(verb, {name: options.pop(name) for name in names}, **options)


_add_selectors(delete, "delete")
_add_selectors(erase, "erase")


def _run(
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
    from hartonomous.forget.planning import plan
    from hartonomous.forget.selecting import Selectors
    from hartonomous.ingesting import prepare
    from hartonomous.store.connecting import connect
    from hartonomous.store.locking import WriterLock

    selectors = Selectors(**selected)
    refuse_unfit(certificate, force)
    with connect() as graph, progress_bar(quiet) as progress:
        if plan_file or not yes:
            planned = plan(graph, selectors, progress, cut)
            if plan_file:
                _show_plan(planned, verb, plan_file, force, as_json)
                return
            _confirm(planned, verb, yes)
        prepare(graph)
        with WriterLock(graph, f"{verb} by the command line") as lock:
            if verb == "delete":
                from hartonomous.forget import deleting

                report: Any = deleting.delete(graph, lock, selectors, progress, keep, ways)
                certify(graph, lock, report, certificate)
            else:
                from hartonomous.forget import erasing

                report = erasing.erase(
                    graph, lock, selectors, _bundles(), progress, certificate is not None, ways
                )
    if verb == "erase":
        _finish_erasure(report, selectors.named(), certificate, as_json, quiet)
        return
    _print_report(verb, asdict(report), as_json, quiet)


def _do_or_resume(
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
    if (plan_file is None) == (not resume):
        raise click.UsageError(f"Name what to {verb}, or give --apply FILE, or --resume.")
    from hartonomous.forget.deleting import refuse_moved
    from hartonomous.forget.plan_files import read_plan
    from hartonomous.ingesting import prepare
    from hartonomous.store.connecting import connect
    from hartonomous.store.locking import WriterLock

    planned = read_plan(plan_file) if plan_file else None
    refuse_unfit(certificate, force=False)
    with connect() as graph, progress_bar(quiet) as progress:
        if planned is not None:
            refuse_moved(graph, planned)
            _confirm(planned, verb, yes)
        prepare(graph)
        with WriterLock(graph, f"{verb} by the command line") as lock:
            if verb == "delete":
                report = _delete(graph, lock, planned, keep, progress, ways)
                if report is not None:
                    certify(graph, lock, report, certificate)
            else:
                report = _erase(graph, lock, planned, progress, certificate is not None, ways)
    if report is None:
        certify_last(verb, certificate, quiet)
    elif verb == "erase":
        _finish_erasure(report, (), certificate, as_json, quiet)
    else:
        _print_report(verb, asdict(report), as_json, quiet)


def _delete(
    graph: Graph, lock: WriterLock, planned: Plan | None, keep: float, progress: Any, ways: int
) -> Any:
    from hartonomous.forget import deleting

    if planned is not None:
        return deleting.apply(graph, lock, planned, progress, keep, ways)
    return deleting.resume(graph, lock, progress)


def _erase(
    graph: Graph, lock: WriterLock, planned: Plan | None, progress: Any, certified: bool, ways: int
) -> Any:
    from hartonomous.forget import erasing

    if planned is not None:
        return erasing.apply(graph, lock, planned, _bundles(), progress, certified, ways)
    return erasing.resume(graph, lock, _bundles(), progress, certified)


def _finish_erasure(
    report: Any, canaries: tuple[str, ...], certificate: Path | None, as_json: bool, quiet: bool
) -> None:
    """Write the managed server's store anew, then the certificate, and print what was done."""
    from hartonomous.forget.erasing import compacted, scanned

    scan = None
    found: list[tuple[Path, str]] = []
    if is_managed():
        found = compact(canaries, quiet)
        report, scan = compacted(report), scanned(canaries, found)
    if certificate is not None:
        certify_erasure(certificate, report.id, scan)
    facts = asdict(report)
    facts["found_in"] = [{"file": str(file), "text": text} for file, text in found]
    _print_report("erase", facts, as_json, quiet)


def _bundles() -> Path:
    from hartonomous.store.assembly import cache

    return cache() / "bundles"


def _show_plan(planned: Plan, verb: str, file: str, force: bool, as_json: bool) -> None:
    from hartonomous.forget.plan_files import write_plan

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
    facts["seconds expected"] = summary["expected"]["seconds"]
    print_facts(facts)
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
    confirm(verb, f"{verb.capitalize()} this?", yes)


def _print_report(verb: str, report: dict[str, Any], as_json: bool, quiet: bool) -> None:
    if as_json:
        print_json(report)
        return
    if verb == "erase":
        for one in report["found_in"]:
            say(f"{one['text']!r} still stands in {one['file']}, in live data or beside it.")
        copies = report.pop("remaining_copies")
        print_rows([{"copies": one} for one in copies], {"copies": "copies that may remain"})
    if found := report["residual"]:
        print_residual(found)
    gone = f"{report['removed']:,} edges of evidence, {report['lost']:,} relations and "
    gone += f"{report['compositions']:,} compositions"
    say(f"{'Erased' if verb == 'erase' else 'Deleted'} {gone}.", quiet)
    if report.get("until"):
        say(f"'hartonomous undo {report['id']}' takes it back until {report['until']}.", quiet)
