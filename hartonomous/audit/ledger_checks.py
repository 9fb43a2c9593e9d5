"""Checks of the ledger of loading: a source's batches add up to its tracks, visits and places."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from hartonomous.audit.audit_findings import Findings
from hartonomous.evidence import DIGEST_LANES
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph, Row
from hartonomous.load.loader import BATCH_ROWS
from hartonomous.schema import HOLDS, VISITED


def check_ledger(graph: Graph, sources: Mapping[str, Row], tracks: Sequence[Row]) -> Findings:
    """Return findings on batches that do not add up.

    A source that has lost rows since it was loaded has no batches any more. `sources` are all
    sources by name, `tracks` their tracks.
    """
    found = Findings()
    batches: dict[tuple[str, str], list[Row]] = {}
    for row in graph.read(query("audit/read_ledger")):
        batches.setdefault((row["source"], row["evidence"]), []).append(row)
    live = {name for name, row in sources.items() if row["state"] == "live"}
    loaded = {source for source, _ in batches if source in live}
    stated = {(t["source"], t["evidence"]): (t["rows"], t["digest"]) for t in tracks}
    stated |= {(name, VISITED): (sources[name]["visits"], None) for name in live}
    stated |= {(name, HOLDS): (sources[name]["places"], None) for name in live}
    for (source, evidence), rows in sorted(batches.items(), key=str):
        if source in live:
            faults = _faults(source, evidence, rows, stated.get((source, evidence)))
        elif source in sources:
            continue
        else:
            faults = iter(
                f"Batch {row['key']!r}: source is {source!r}, which does not exist." for row in rows
            )
        for fault in faults:
            found.add("batches that do not add up", fault)
    for (source, evidence), (rows_said, _) in sorted(stated.items(), key=str):
        if source in loaded and rows_said and (source, evidence) not in batches:
            found.add(
                "batches that do not add up",
                f"Ledger of {source}/{evidence}: all batches are missing.",
            )
    return found


def _faults(
    source: str, evidence: str, rows: Sequence[Row], said: tuple[object, object] | None
) -> Iterator[str]:
    named = f"Ledger of {source}/{evidence}"
    if said is None:
        yield f"{named}: the source has no such track."
        return
    for number, row in enumerate(rows):
        key = f"{source}/{evidence}/{number:08d}"
        if row["key"] != key:
            yield f"{named}: key is {row['key']!r}, expected {key!r}."
            return
        if not isinstance(row["rows"], int) or not 0 < row["rows"] <= BATCH_ROWS:
            yield f"Batch {key!r}: rows is {row['rows']!r}, which is not valid."
            return
        if not isinstance(row["digest"], list) or len(row["digest"]) != DIGEST_LANES:
            yield f"Batch {key!r}: digest is {row['digest']!r}, which is not valid."
            return
    total = sum(row["rows"] for row in rows)
    if total != said[0]:
        yield f"{named}: {total} rows, expected {said[0]!r}."
    digest = [sum(lane) for lane in zip(*(row["digest"] for row in rows), strict=True)]
    if digest != (said[1] if evidence not in (VISITED, HOLDS) else [0] * DIGEST_LANES):
        yield f"{named}: the digests of its batches do not add up to the track's."
