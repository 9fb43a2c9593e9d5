"""What an auditor asks of a graph: what is in it, from where, and whether it was changed by hand.

The plain audit reads what stands in the graph; the full one walks every edge of evidence, works the
digest of each track out anew, and looks for rated edges without evidence and evidence without a
source. The page shows the facts of the JSON, and the same graph gives the same bytes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.resources import files
from typing import Any

import jinja2
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hartonomous.evidence import DIGEST_LANES, columns, digest, key_columns
from hartonomous.forget.picturing import picture_cut
from hartonomous.schema import EVIDENCE, RATED, EvidenceType, evidence_type
from hartonomous.store.graph import Graph, Row
from hartonomous.store.logbook import read_log, verify_log
from hartonomous.store.queries import query
from hartonomous.store.settling import read_state

FORMAT = 1
STARTS = 500
"""Compositions whose evidence travels in one answer."""

LISTED = 20
"""Keys that are none which are shown one by one."""

KEY = re.compile(r"[0-9a-f]{32}")
NO_KEY = "0" * 32
"""Stands where a key is none, so that the digest of its evidence is another."""

ENTRIES = 50
"""Entries of the log that are shown, the newest."""

LIMITS = (
    "It shows the graph as it is; of what happened outside it, only what the log and the "
    "certificates say.",
    "Digests find hand edits and mistakes; who can write digests can hide an edit. The log's "
    "signed heads, kept elsewhere, cannot be made up.",
    "It does not promise that any law is complied with.",
)

Progress = Callable[[str, int, int], None]
Facts = dict[str, Any]


def audit(
    graph: Graph,
    progress: Progress,
    full: bool = False,
    certificates: Sequence[Mapping[str, Any]] = (),
) -> Facts:
    """Return the facts of an audit; `findings` is empty when nothing is wrong.

    `certificates` are what `verify_certificate.verify` said of authentic ones.
    """
    state, log = read_state(graph), verify_log(graph)
    sources = [_source(row) for row in graph.read(query("audit/read_sources"))]
    facts: Facts = {
        "format": FORMAT,
        "graph": {
            "settled": state["settled"],
            "epoch": state["epoch"],
            "formula": state["formula"],
            **count(graph),
        },
        "sources": sources,
        "full": _full(graph, progress) if full else None,
        "log": {
            "name": log.log,
            "size": log.size,
            "root": log.root,
            "unsigned": log.unsigned,
            "entries": [_entry(row) for row in read_log(graph, ENTRIES)],
        },
        "deletions": [_deletion(each) for each in certificates],
        "limits": list(LIMITS),
    }
    facts["broken"] = bool(log.findings or (full and facts["full"]["findings"]))
    facts["findings"] = [
        *([] if state["settled"] else ["The graph is not settled: a rating pass is due."]),
        *log.findings,
        *(facts["full"]["findings"] if full else []),
        *(f"{each['query']} found {each['got']}" for d in facts["deletions"] for each in d["left"]),
    ]
    return facts


def count(graph: Graph) -> dict[str, Any]:
    """Return how many compositions, rated edges and evidence edges there are, by type."""
    relations = {
        rated.name: graph.read(query("audit/count_relations", rated=rated.name))[0]["edges"]
        for rated in RATED
    }
    evidence = {
        each.name: graph.read(query("audit/count_evidence", evidence=each.name))[0]["edges"]
        for each in EVIDENCE
    }
    return {
        "compositions": graph.read(query("audit/count_compositions"))[0]["compositions"],
        "relations": {name: edges for name, edges in relations.items() if edges},
        "evidence": {name: edges for name, edges in evidence.items() if edges},
    }


def render(facts: Facts) -> str:
    """Return the page of an audit: one file, no network, every label escaped."""
    environment = jinja2.Environment(
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
    )
    environment.filters["figure"] = lambda value: f"{value:,}"
    environment.filters["points"] = lambda milli: f"{milli / 1000:,.3f}"
    template = (files("hartonomous.forget") / "audit.html.jinja").read_text("utf-8")
    pictures = [picture_cut(each["claims"]) for each in facts["deletions"]]
    return environment.from_string(template).render(**facts, pictures=pictures)


def _source(row: Row) -> Row:
    opened = [
        {"name": name, "digest": digest, "bytes": size}
        for name, digest, size in json.loads(row["files"] or "[]")
    ]
    return {**row, "options": json.loads(row["options"] or "{}"), "files": opened}


def _entry(row: Row) -> Row:
    entry = json.loads(row["entry"])
    figures = {name: n for name, n in entry["details"].items() if type(n) is int}
    about = row["names"] or (["erased"] if entry["about"] else [])
    return {
        "index": row["index"],
        "at": row["at"],
        "act": row["act"],
        "about": about,
        "figures": figures,
    }


def _deletion(verified: Mapping[str, Any]) -> Row:
    claims, names = verified["claims"], verified["names"]
    about = [f"{s['kind']} {names.get(s['hmac'], s['hmac'][:16])}" for s in claims["selectors"]]
    return {
        "about": about,
        "claims": claims,
        "left": verified["left"],
        "log": verified["log"],
        "logged_at": verified["logged_at"],
        "survivors": [
            {"source": names.get(s["source"], s["source"][:16]), "relations": s["relations"]}
            for s in claims["survivors"]
        ],
    }


def _full(graph: Graph, progress: Progress) -> Facts:
    rows = list(graph.stream(query("audit/read_compositions")))
    ids = np.array([row[0] for row in rows], dtype=np.int64)
    faults = [place for place, row in enumerate(rows) if not _is_key(row[1])]
    texts = [row[1] if _is_key(row[1]) else NO_KEY for row in rows]
    keys = key_columns(pa.chunked_array([pa.array(texts, pa.string())]))
    stored = {(t["source"], t["evidence"]): t for t in graph.read(query("rate/read_tracks"))}
    found = recount(graph, ids, keys, progress)
    tracks, findings = [], [_bad_key(rows[place][1]) for place in faults[:LISTED]]
    if faults[LISTED:]:
        findings.append(f"{len(faults) - LISTED:,} more compositions have a key that is none.")
    for source, evidence in sorted(stored.keys() | found.keys()):
        fault = _fault(source, evidence, stored, found)
        counted = found.get((source, evidence), (0, []))[0]
        tracks.append(
            {"source": source, "evidence": evidence, "rows": counted, "sound": fault is None}
        )
        findings += [fault] if fault else []
    live = sorted({source for (source, _), t in stored.items() if t["state"] == "live"})
    fed = {evidence_type(evidence).feeds for _, evidence in found}
    unfounded = {
        rated.name: _unfounded(graph, rated.name, ids, live)
        for rated in RATED
        if rated.name in fed
        or graph.read(query("audit/count_relations", rated=rated.name))[0]["edges"]
    }
    findings += [
        f"{edges:,} edges {rated} have no evidence of a live source."
        for rated, edges in unfounded.items()
        if edges
    ]
    return {"tracks": tracks, "unfounded": unfounded, "findings": findings}


def _is_key(key: object) -> bool:
    return isinstance(key, str) and KEY.fullmatch(key) is not None


def _bad_key(key: object) -> str:
    return (
        f"A composition's key was changed by hand: {str(key)[:40]!r} is not 32 hexadecimal digits."
    )


def _fault(
    source: str,
    evidence: str,
    stored: Mapping[tuple[str, str], Row],
    found: Mapping[tuple[str, str], tuple[int, list[int]]],
) -> str | None:
    """Return what is wrong with a track's evidence, None when nothing is."""
    track = stored.get((source, evidence))
    rows, lanes = found.get((source, evidence), (0, [0] * DIGEST_LANES))
    if track is None:
        return f"{rows:,} edges {evidence} are of {source!r}, which is no source of the graph."
    if track["state"] != "live":
        return None
    if rows != track["rows"]:
        return f"{source!r} has {rows:,} edges {evidence}, its track says {track['rows']:,}."
    if lanes != list(track["digest"]):
        return f"Evidence {evidence} of {source!r} was changed by hand: its digest is another."
    return None


def recount(
    graph: Graph, ids: NDArray[np.int64], keys: NDArray[np.uint64], progress: Progress
) -> dict[tuple[str, str], tuple[int, list[int]]]:
    """Return rows and digest of each track, (source, type), from its evidence edges alone.

    `ids` is (N,) int64, ascending, and `keys` (N, 2) uint64, the compositions'.
    """
    found: dict[tuple[str, str], tuple[int, list[int]]] = {}
    present = [
        e
        for e in EVIDENCE
        if graph.read(query("audit/count_evidence", evidence=e.name))[0]["edges"]
    ]
    for evidence in present:
        read = query("audit/read_evidence", evidence=evidence.name)
        for done, part in _parts(ids):
            for source, *lists in graph.stream(read, ids=part):
                table = _table(evidence, ids, lists)
                rows, lanes = found.get((source, evidence.name), (0, [0] * DIGEST_LANES))
                more = digest(table, keys)
                total = [a + b for a, b in zip(lanes, more, strict=True)]
                found[source, evidence.name] = (rows + table.num_rows, total)
            progress(f"evidence: {evidence.name}", done, len(ids))
    return found


def _table(evidence: EvidenceType, ids: NDArray[np.int64], lists: Sequence[Any]) -> pa.Table:
    starts, ends, *rest = lists
    schema = columns(evidence)
    names = ("n", "weight", "directed", "rank", "support", "positions")
    place = {
        "start": np.searchsorted(ids, starts).astype(np.int32),
        "end": np.searchsorted(ids, ends).astype(np.int32),
        **dict(zip(names, rest, strict=True)),
    }
    return pa.table([pa.array(place[f.name], f.type) for f in schema], schema=schema)


def _unfounded(graph: Graph, rated: str, ids: NDArray[np.int64], live: list[str]) -> int:
    statement = query("audit/count_unfounded", rated=rated)
    return sum(
        graph.read(statement, ids=part, live=live)[0]["unfounded"] for _, part in _parts(ids)
    )


def _parts(ids: NDArray[np.int64]) -> Iterator[tuple[int, list[int]]]:
    for first in range(0, len(ids), STARTS):
        part = ids[first : first + STARTS].tolist()
        yield first + len(part), part
