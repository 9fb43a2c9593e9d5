"""Erasure plan: a deletion plan, and the copies outside the live graph.

Its summary lists the copies under `held`, for people, and under `reach` the criteria of the purge:
the sources taken whole, hashes of their files, and the names to remove from the log. A resumed
erasure reads them from its plan, because they can no longer be computed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from hartonomous.delete.deletion_plan import Plan, plan
from hartonomous.delete.selectors import Selectors, selectors_of, subjects_of
from hartonomous.erase.erasure_target import ErasureTarget
from hartonomous.erase.outside_copies import OutsideCopies, OutsideCopy
from hartonomous.graph.driver import Graph
from hartonomous.progress import Progress


def plan_erasure(
    graph: Graph,
    selectors: Selectors,
    cache: Path,
    progress: Progress,
    with_cut: bool = False,
) -> Plan:
    """Return the plan of erasing the selected data; nothing is written.

    `cache` is the folder with bundles of earlier versions. Raises NotFound if a selector matches
    nothing in the graph or within reach outside it.
    """
    holdings = OutsideCopies(graph, selectors, cache)
    planned = plan(graph, selectors, progress, with_cut, holdings)
    return with_reach(planned, holdings)


def reached(graph: Graph, planned: Plan, cache: Path) -> Plan:
    """Return an earlier plan with the present copies outside the graph."""
    selectors = selectors_of(planned.summary["selectors"])
    return with_reach(planned, OutsideCopies(graph, selectors, cache))


def with_reach(planned: Plan, holdings: OutsideCopies) -> Plan:
    """Return a plan with the reach outside the live graph in its summary."""
    summary = planned.summary
    described = holdings.described
    spelt = [one["text"] for one in summary["compositions"] if one["why"] == "concept"]
    sought = holdings.seek(described, spelt)
    people, others = _people_of(sought, holdings)
    sought = replace(sought, people=people)
    known = {name for name, _ in sought.sources}
    blind = [
        name
        for name in described.get("sources", ())
        if name not in known and not holdings.digests({name})
    ]
    names = {*subjects_of(described), *holdings.traces(sought)}
    names |= {f"source:{name}" for name in sought.names} | {f"person:{one}" for one in people}
    reach = {
        "words": sorted(sought.words),
        "sources": sorted(map(list, sought.sources)),
        "names": sorted(sought.names),
        "digests": sorted(sought.digests),
        "people": sorted(people),
        "traces": sorted(names),
        "snapshots": sorted({*holdings.snapshots(sought), *_older_snapshots(sought, holdings)}),
        # No hash recognises the files of these in a backup.
        "blind": bool(blind),
    }
    held = [*holdings.within_reach(sought), *others, *holdings.beyond(sought)]
    ranges = [
        one
        for one in described.get("evidence", ())
        if not sought.is_named(f"source:{one['source']}")
    ]
    return replace(
        planned,
        summary={
            **summary,
            "evidence_ranges": ranges,
            "reach": reach,
            "held": [asdict(one) for one in held],
        },
    )


def _older_snapshots(sought: ErasureTarget, holdings: OutsideCopies) -> Iterator[str]:
    """Yield the snapshots from before a deletion that removed evidence of an erased range: their
    ratings of the source depend on that evidence.
    """
    ranges = sought.selectors.get("evidence", ())
    numbers = [one.record.number for one in holdings.deletions if ranges and one.contains(sought)]
    for name, of in holdings.own_snapshots.items():
        of_it = any(one["source"] in of.sources for one in ranges)
        if of_it and of.removals < max(numbers, default=0):
            yield name


def traces_of(summary: dict[str, Any]) -> list[str]:
    """Return the names, `kind:name`, that an erasure removes from the log, with their keys."""
    if "reach" in summary:
        return list(summary["reach"]["traces"])
    whole = [name for name, source in summary["sources"].items() if source["whole"]]
    return subjects_of(summary["selectors"]) + [f"source:{name}" for name in whole]


def _people_of(
    sought: ErasureTarget, holdings: OutsideCopies
) -> tuple[frozenset[str], list[OutsideCopy]]:
    """Return the people, not named in the selectors, whose last source is erased, and the remaining
    data of those who have other sources.
    """
    gone, others = set(), list[OutsideCopy]()
    given = sought.selectors.get("people", ())
    for person in sorted(_subjects(sought, holdings) - set(given)):
        left = list(_of_person(person, sought, holdings))
        others += left
        if not left:
            gone.add(person)
    return frozenset(gone), others


def _subjects(sought: ErasureTarget, holdings: OutsideCopies) -> set[str]:
    """Return the subjects of the sources taken whole."""
    found = {
        row["subject"]
        for row in holdings.live
        if (row["name"], row["created"]) in sought.sources and row["subject"]
    }
    found |= {one.person for one in holdings.kept_sources if one.person and one.is_in(sought)}
    named = sought.selectors.get("sources", ())
    for bundle in holdings.bundles:
        if bundle.name in named or bundle.digest in sought.digests:
            found |= {bundle.about.get("subject")} - {None}
    return found


def _of_person(
    person: str, sought: ErasureTarget, holdings: OutsideCopies
) -> Iterator[OutsideCopy]:
    """Yield the remaining data of a person."""
    do = f"'hartonomous erase person {person}' erases all data of {person}"
    for row in holdings.live:
        if row["subject"] == person and (row["name"], row["created"]) not in sought.sources:
            yield OutsideCopy("source", f"source {row['name']!r} of {person}", None, do)
    for one in holdings.kept_sources:
        if one.person == person and not one.is_in(sought):
            what = f"source {one.name!r} of {person}, retained by deletion {one.record.id}"
            yield OutsideCopy("deletion", what, one.record.until, do)
    for bundle in holdings.bundles:
        if bundle.about.get("subject") == person and not bundle.contains(sought):
            yield OutsideCopy("bundle", f"{bundle.described} of {person}", None, do)
