"""Snapshots of the graph, comparisons, and rollback."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import asdict

import click

from hartonomous.cli.completion import complete_compared, complete_snapshot
from hartonomous.cli.neighbourhood import open_graph
from hartonomous.cli.output import (
    confirm,
    json_option,
    print_facts,
    print_json,
    print_rows,
    progress_bar,
    quiet_option,
    say,
)
from hartonomous.schema import CONSENSUS_NOISE, ELO_NOISE

SHOWN = ("name", "created", "sources", "compositions", "relations")
LISTS = {
    "movers": ("composition",),
    "pairs": ("start", "end"),
    "consensus_pairs": ("start", "end"),
}
"""The lists of a difference, and their columns that are texts."""
COMPARISONS: dict[str, Callable[[float, float], bool]] = {">": operator.gt, "<": operator.lt}


@click.group(epilog="\b\nExample:\n  hartonomous snapshot create before-glove\n")
def snapshot() -> None:
    """Store the present relations, for later comparison."""


@snapshot.command("create", epilog="\b\nExample:\n  hartonomous snapshot create before-glove\n")
@click.argument("name")
@json_option
@quiet_option
def create(name: str, as_json: bool, quiet: bool) -> None:
    """Store every rated relation under NAME, outside the graph."""
    from hartonomous.operations.graph_copies import take_snapshot

    with open_graph() as graph, progress_bar(quiet) as progress:
        made = take_snapshot(graph, name, progress)
    facts = asdict(made)
    shown = {**{name: facts[name] for name in SHOWN}, "sources": list(made.sources)}
    print_json(facts) if as_json else print_facts(shown)


@snapshot.command("list", epilog="\b\nExample:\n  hartonomous snapshot list --json\n")
@json_option
def list_(as_json: bool) -> None:
    """List the snapshots."""
    from hartonomous.versions.snapshots import list_snapshots

    rows = [{**asdict(one), "sources": list(one.sources)} for one in list_snapshots()]
    columns = {name: name for name in ("name", "created", "relations", "sources")}
    print_json(rows) if as_json else print_rows(rows, columns)


@snapshot.command("drop", epilog="\b\nExample:\n  hartonomous snapshot drop before-glove\n")
@click.argument("name", shell_complete=complete_snapshot)
@quiet_option
def drop(name: str, quiet: bool) -> None:
    """Remove the snapshot NAME."""
    from hartonomous.operations.graph_copies import remove_snapshot

    with open_graph() as graph:
        remove_snapshot(graph, name)
    say(f"Dropped the snapshot {name!r}.", quiet)


@click.command(
    epilog="""\b
Example:
  hartonomous diff base tuned
  hartonomous diff before-glove . --fail-if 'only_b>0' --json
\b
A and B are sources, snapshots, or . for the present graph; for an ambiguous
name, write source:NAME or snapshot:NAME. A source is rated as if it were the
only one. A relation that changed is stronger or weaker by more points of elo
than --noise; 'changed exactly' counts every difference. Consensus likewise;
'same evidence' are pairs observed as before, where only votes changed, or
which tracks know the words.
\b
Exit code 1 if anything differs at all, or with --fail-if, if a condition
holds.
"""
)
@click.argument("a", shell_complete=complete_compared)
@click.argument("b", shell_complete=complete_compared)
@click.option(
    "--top",
    default=10,
    show_default=True,
    type=click.IntRange(0, 10_000),
    help="Number of rows per table, or per kind of change.",
)
@click.option(
    "--noise",
    default=ELO_NOISE,
    show_default=True,
    type=click.FloatRange(0),
    metavar="POINTS",
    help="An elo that changed by at most this counts as the same.",
)
@click.option(
    "--consensus-noise",
    default=CONSENSUS_NOISE,
    show_default=True,
    type=click.FloatRange(0),
    metavar="POINTS",
    help="A consensus that changed by at most this counts as the same.",
)
@click.option(
    "--fail-if",
    "conditions",
    multiple=True,
    metavar="METRIC>X",
    help="Exit with 1 only if this condition holds, such as 'changed>100'.",
)
@json_option
@quiet_option
@click.pass_context
def diff(
    context: click.Context,
    a: str,
    b: str,
    top: int,
    noise: float,
    consensus_noise: float,
    conditions: tuple[str, ...],
    as_json: bool,
    quiet: bool,
) -> None:
    """Show the differences of A and B in relations and ratings."""
    from hartonomous.ask.relations.shown_texts import with_captions
    from hartonomous.operations.graph_copies import diff as compare

    parsed = [_condition(text) for text in conditions]
    with open_graph() as graph, progress_bar(quiet) as progress:
        found = compare(graph, a, b, top, noise, consensus_noise, progress)
        facts = asdict(found)
        for name, columns in LISTS.items():
            facts[name] = with_captions(graph, facts[name], *columns, beside=as_json)
    met = [text for text, (name, holds, limit) in zip(conditions, parsed, strict=True)
           if holds(facts[name], limit)]  # fmt: skip
    if as_json:
        print_json({**facts, "failed": met})
    else:
        lists = [facts.pop(name) for name in LISTS]
        print_facts({name.replace("_", " "): value for name, value in facts.items()})
        for rows in lists:
            if rows:
                click.echo()
                print_rows(rows, {name: name.replace("_", " ") for name in rows[0]})
    for text in met:
        say(f"{text} holds.", quiet)
    if met or (not conditions and found.differs):
        context.exit(1)


@click.command(
    epilog="""\b
Example:
  hartonomous rollback before-glove --plan
  hartonomous rollback before-glove --yes
"""
)
@click.argument("name", metavar="SNAPSHOT", shell_complete=complete_snapshot)
@click.option("--plan", "plan_only", is_flag=True, help="Print the steps; change nothing.")
@click.option("--yes", is_flag=True, help="Skip the confirmation.")
@json_option
@quiet_option
def rollback(name: str, plan_only: bool, yes: bool, as_json: bool, quiet: bool) -> None:
    """Restore the graph to its state at SNAPSHOT.

    Deletes sources added since (can be undone), undoes later deletions, and
    repeats deletions undone since. Refused, with a list, if a later act cannot
    be undone. After an interruption, the same command resumes.
    """
    from hartonomous.operations.reinstatement import roll_back
    from hartonomous.versions.rollback import plan_rollback

    with open_graph() as graph, progress_bar(quiet) as progress:
        if plan_only:
            plan = plan_rollback(graph, name)
            print_json(asdict(plan)) if as_json else print_facts(asdict(plan))
            return
        report = roll_back(
            graph,
            name,
            progress,
            lambda plan: confirm("rollback", f"Roll back to {name!r} ({plan})?", yes),
        )
    print_json(asdict(report)) if as_json else print_facts(asdict(report))


def _condition(text: str) -> tuple[str, Callable[[float, float], bool], float]:
    from hartonomous.versions.diff import METRICS

    match = re.fullmatch(r"\s*(\w+)\s*([<>])\s*([-+\d.eE]+)\s*", text)
    if match is None or match[1] not in METRICS:
        raise click.BadParameter(
            f"{text!r} is no condition; write METRIC>X or METRIC<X, METRIC one of "
            f"{', '.join(METRICS)}.",
            param_hint="--fail-if",
        )
    try:
        return match[1], COMPARISONS[match[2]], float(match[3])
    except ValueError:
        raise click.BadParameter(f"{match[3]!r} is no number.", param_hint="--fail-if") from None
