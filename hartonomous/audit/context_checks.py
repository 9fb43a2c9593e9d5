"""Checks of visits against their digests, and of the edges between contexts against their texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from hartonomous.audit.audit_findings import LISTED, Findings, names_of
from hartonomous.audit.composition_checks import Compositions
from hartonomous.audit.edge_columns import column_of
from hartonomous.evidence import VISIT_MODULUS, visit_digest
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph, Row, in_parts
from hartonomous.identity import composition_key
from hartonomous.progress import Progress
from hartonomous.schema import CONTEXT, PIECE, TOKEN

STARTS = 500
BACKS_OFF, EXTENDS = "BACKS_OFF_TO", "EXTENDS_TO"
_TOKENS = (TOKEN, PIECE)


def check_visits(
    graph: Graph, compositions: Compositions, sources: Mapping[str, Row], progress: Progress
) -> tuple[Findings, list[str]]:
    """Return findings on visits that differ from their source's digest, and the sources without a
    digest.

    `sources` are the live ones, by name.
    """
    found = Findings()
    counted: dict[str, list[int]] = {}
    statement = query("audit/read_visits")
    parts = in_parts(compositions.ids.tolist(), STARTS)
    done = 0
    for answer in graph.stream_parts(statement, "ids", parts):
        for source, *lists in answer:
            own = counted.setdefault(source, [0] * 5)
            counted[source] = _added(own, compositions, lists)
        done = min(done + STARTS, len(compositions.ids))
        progress("visits", done, len(compositions.ids))
    blind = []
    for name, row in sorted(sources.items(), key=str):
        visits, said = counted.get(name, [0] * 5), row["visited"]
        if said is None and visits[0]:
            blind.append(name)
        elif said is not None and visits != said:
            _tell_visits(graph, found, name, visits[0], said)
    for name in sorted(counted.keys() - sources.keys(), key=str):
        found.add(
            "sources that do not exist",
            f"{counted[name][0]:,} visits are of {name!r}, which is not a live source.",
        )
    return found, blind


def _added(own: list[int], compositions: Compositions, lists: Sequence[list[Any]]) -> list[int]:
    ids, times, masses = lists
    n, mass = column_of("INTEGER", times), column_of("INTEGER", masses)
    if n is None or mass is None or not len(ids) == len(n) == len(mass):
        # A missing or mistyped number: no digest matches.
        return [own[0] + len(ids), *(-1 for _ in own[1:])]
    rows, _ = compositions.rows(np.array(ids, dtype=np.int64))
    more = visit_digest(compositions.keys[rows], n, mass)
    if -1 in own[1:]:
        return [own[0] + len(ids), *own[1:]]
    return [(a + b) % VISIT_MODULUS for a, b in zip(own, more, strict=True)]


def _tell_visits(graph: Graph, found: Findings, name: str, visits: int, said: Any) -> None:
    rows = said[0] if isinstance(said, list) and said else None
    kind = "sources whose visits differ from their digest"
    if rows != visits:
        found.add(kind, f"{name!r} has {visits:,} visits, its digest says {rows!r}.")
    else:
        found.add(kind, f"Visits of {name!r} were changed by hand: their digest is another.")
    for row in graph.read(query("audit/find_odd_visits"), source=name, top=LISTED):
        text = f"{name!r} at {row['text']!r}: "
        text += (
            f"n is {row['n']!r}, mass {row['mass']!r}, weight of stored evidence {row['stored']!r}"
            if row["times"] == 1
            else f"{row['times']} visits stored, expected 1"
        )
        found.add("visits that do not add up", f"Possibly this visit: {text}.")


def check_joins(
    graph: Graph,
    compositions: Compositions,
    noted: Mapping[str, Any],
    progress: Progress,
) -> Findings:
    """Return findings on edges between contexts that contradict their texts.

    `noted` is the expected number of edges by type; where it differs, contexts without an edge are
    listed as candidates.
    """
    found = Findings()
    counted = {BACKS_OFF: 0, EXTENDS: 0}
    statement = query("audit/read_joins")
    size, done = len(compositions.ids), 0
    for answer in graph.stream_parts(statement, "ids", in_parts(compositions.ids.tolist(), STARTS)):
        for type, starts, ends, shapes in answer:
            counted[type] += len(starts)
            _check_shapes(graph, found, type, list(zip(starts, ends, strict=True)), shapes)
        done = min(done + STARTS, size)
        progress("contexts", done, size)
    if any(noted.get(type, n) != n for type, n in counted.items()):
        for row in graph.read(query("audit/find_unjoined"), top=LISTED):
            lacks = [BACKS_OFF] if not row["backs_off"] else []
            lacks += [EXTENDS] if not row["extended"] else []
            found.add(
                "contexts without a join",
                f"Context {row['text']!r}: no {' and no '.join(lacks)}; this may be the missing edge.",
            )
    return found


def _check_shapes(
    graph: Graph,
    found: Findings,
    type: str,
    ends: list[tuple[int, int]],
    shapes: Sequence[Sequence[Any]],
) -> None:
    seen: set[tuple[int, int, Any]] = set()
    wrong: list[tuple[tuple[int, int], str]] = []
    for pair, shape in zip(ends, shapes, strict=True):
        fault = _join_fault(type, *shape)
        if fault is None and (*pair, shape[4]) in seen:
            fault = "stored more than once"
        seen.add((*pair, shape[4]))
        if fault is not None:
            wrong.append((pair, fault))
    named = names_of(graph, [end for pair, _ in wrong[:LISTED] for end in pair])
    texts = [f"{type} {named[a]} → {named[b]}: {fault}." for (a, b), fault in wrong[:LISTED]]
    found.add_many(f"{type} edges that contradict their texts", texts, len(wrong))


def _join_fault(
    type: str, start: Any, start_kind: Any, end: Any, end_kind: Any, token: Any
) -> str | None:
    if not isinstance(start, str) or not isinstance(end, str):
        return "an end has no text"
    longer, shorter = (start, end) if type == BACKS_OFF else (end, start)
    kinds = (start_kind, end_kind) if type == BACKS_OFF else (end_kind, start_kind)
    short = (CONTEXT,) if " " in shorter else _TOKENS
    if kinds[0] != CONTEXT or kinds[1] not in short:
        return f"joins a {start_kind} and a {end_kind}"
    if type == BACKS_OFF:
        first, _, rest = longer.partition(" ")
        if rest != shorter or not first:
            return f"expected end {rest!r}"
        return None if token is None else f"token is {token!r}, expected none"
    rest, _, last = longer.rpartition(" ")
    if rest != shorter or not last:
        return f"expected start {rest!r}"
    keys = [composition_key(kind, last) for kind in _TOKENS]
    return None if token in keys else f"token is {token!r}, expected the key of {last!r}"
