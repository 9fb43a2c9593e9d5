"""Rating forecast: ratings, agreements and votes after a removal, computed without writing."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hartonomous.delete.agreement_forecast import Recount, class_numbers
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph, Row, in_parts
from hartonomous.progress import Progress
from hartonomous.rate.formulas import SHRINKAGE
from hartonomous.rate.person_trust import read_judgements
from hartonomous.rate.rating_pass import (
    changed_verdicts,
    class_table,
    rating_constants,
    silent,
    source_numbers,
    vector_tracks,
    vote_of,
)
from hartonomous.rate.source_agreement import Agreement, Verdict, judge
from hartonomous.schema import (
    DEFAULT_RELATION,
    evidence_feeding,
    evidence_type,
    rated_types,
    silent_types,
)

STARTS = 200
IDS = 5_000

Ints = NDArray[np.int64]

RELATIONS = pa.schema(
    [
        pa.field("type", pa.string()),
        pa.field("edge", pa.int64()),
        pa.field("start", pa.int64()),
        pa.field("end", pa.int64()),
        pa.field("removed", pa.int32()),
        pa.field("elo_before", pa.float64()),
        pa.field("consensus_before", pa.int32()),
        pa.field("decades_before", pa.int32()),
        pa.field("seen_before", pa.list_(pa.int32())),
        pa.field("elo", pa.float64()),
        pa.field("n", pa.int64()),
        pa.field("weight", pa.int64()),
        pa.field("decades", pa.int32()),
        pa.field("seen", pa.list_(pa.int32())),
        pa.field("against", pa.int64()),
    ]
)
"""Relations that lose evidence, before and after; lost if n is 0. `seen` are numbers of sources."""

SHIFTS = pa.schema(
    [
        pa.field("type", pa.string()),
        pa.field("edge", pa.int64()),
        pa.field("start", pa.int64()),
        pa.field("end", pa.int64()),
        pa.field("decades_before", pa.int32()),
        pa.field("decades", pa.int32()),
    ]
)
"""Relations that keep all evidence, with a changed consensus, because an absent constant no longer
counts or a vote changes.
"""


@dataclass(frozen=True)
class Prediction:
    """The effect of a removal on ratings; ends are database ids.

    `relations` has the columns of RELATIONS, `shifts` those of SHIFTS. `known` is the new class of
    each affected composition, `renamed` maps classes that lose whole sources, `votes` the sources
    whose verdict changes, `agreements` the recounted ones.
    """

    relations: pa.Table
    shifts: pa.Table
    known: dict[int, str]
    renamed: dict[str, str]
    votes: dict[str, Verdict]
    agreements: list[Agreement]


def predict(
    graph: Graph,
    tracks: Sequence[Row],
    leaving: Sequence[str],
    rows: Mapping[str, pa.Table],
    progress: Progress,
) -> Prediction:
    """Return the ratings after the removal of `rows`, by evidence type with the columns of
    `removed_rows.row_schema`, and of the sources `leaving` with them.
    """
    live = [t for t in tracks if t["state"] == "live"]
    staying = [t for t in live if t["source"] not in leaving]
    partial = _partial_rows(rows, leaving)
    known, before = _classes_after(graph, staying, partial)
    changed = np.array([i for i, name in known.items() if name != before[i]], dtype=np.int64)
    agreements = _agreements_after(graph, staying, leaving, partial, known, before, changed)
    trusts = read_judgements(graph, live).without(rows, leaving).trusts()
    votes = _votes_after(graph, staying, agreements, trusts)
    after = [with_vote(t, votes) for t in staying]
    classes = [row["known"] for row in graph.read(query("rate/read_classes"))]
    names = sorted({*classes, *known.values()})
    constants = {
        **rating_constants(after, source_numbers(live)),
        "classes": class_table(after, names),
        "shrinkage": SHRINKAGE,
        "leaving": list(leaving),
        "known": {str(i): name for i, name in known.items() if name != before[i]},
        "reclassed": bool(len(changed)),
    }
    starts = {
        rated.name: _starts(graph, rated.name, rows, (leaving, votes), changed, live)
        for rated in rated_types()
    }
    relations, shifts = _predict_pairs(graph, starts, rows, leaving, constants, progress)
    gone = {t["number"] for t in live if t["source"] in leaving}
    renamed = {
        name: _class(class_numbers(name) - gone) for name in names if class_numbers(name) & gone
    }
    known = {i: name for i, name in known.items() if name != before[i]}
    return Prediction(relations, shifts, known, renamed, votes, agreements)


def _partial_rows(rows: Mapping[str, pa.Table], leaving: Sequence[str]) -> dict[str, pa.Table]:
    partial: dict[str, pa.Table] = {}
    for evidence, table in rows.items():
        stays = ~np.isin(np.asarray(table["source"].to_pylist()), list(leaving))
        if stays.any():
            partial[evidence] = table.filter(pa.array(stays))
    return partial


def _classes_after(
    graph: Graph, staying: Sequence[Row], partial: Mapping[str, pa.Table]
) -> tuple[dict[int, str], dict[int, str]]:
    """Return the new class of each composition that loses part of its evidence."""
    number = {(t["evidence"], t["source"]): t["number"] for t in silent(staying)}
    lost: Counter[tuple[int, str, str]] = Counter()
    for evidence in {each.name for each in silent_types()} & partial.keys():
        table = partial[evidence]
        sources = table["source"].to_pylist()
        for end in ("start", "end"):
            lost.update(
                (i, evidence, s) for i, s in zip(table[end].to_pylist(), sources, strict=True)
            )
    ids = sorted({key[0] for key in lost})
    left: dict[int, set[int]] = {i: set() for i in ids}
    before: dict[int, str] = {}
    for part in in_parts(ids, IDS):
        for row in graph.read(query("delete/read_compositions"), ids=part):
            before[row["id"]] = row["known"] or ""
        for row in graph.read(query("delete/count_tracks"), ids=part):
            key = row["evidence"], row["source"]
            if key in number and row["rows"] > lost[row["id"], *key]:
                left[row["id"]].add(number[key])
    # Whole sources are removed from classes by renaming, not by composition.
    staying_numbers = frozenset(number.values())
    known = {
        i: before[i] if class_numbers(before[i]) & staying_numbers == left[i] else _class(left[i])
        for i in ids
    }
    return known, before


def _class(numbers: Iterable[int]) -> str:
    return "".join(f"+{number}" for number in sorted(numbers))


def with_vote(track: Row, votes: Mapping[str, Sequence[Any]]) -> Row:
    """Return a track with its new vote; `votes` are the changed verdicts."""
    if track["source"] not in votes:
        return track
    return {**track, "vote": vote_of(track, votes[track["source"]])}


def _votes_after(
    graph: Graph,
    staying: Sequence[Row],
    agreements: Sequence[Agreement],
    trusts: Mapping[str, int],
) -> dict[str, Verdict]:
    """Return the changed verdicts; `trusts` are those of people afterwards."""
    names = sorted(vector_tracks(staying))
    counted = {(a.low, a.high): a for a in agreements}
    kept = [Agreement(**row) for row in graph.read(query("rate/read_agreements"))]
    found = [counted.get((a.low, a.high), a) for a in kept if {a.low, a.high} <= set(names)]
    return changed_verdicts(staying, judge(names, found), trusts)


def _agreements_after(
    graph: Graph,
    staying: Sequence[Row],
    leaving: Sequence[str],
    partial: Mapping[str, pa.Table],
    known: Mapping[int, str],
    before: Mapping[int, str],
    changed: Ints,
) -> list[Agreement]:
    """Return the changed agreements. Each is a function of the two sources' evidence alone, and is
    recounted from the affected edges and words.
    """
    feeding = {e.name for e in evidence_feeding(DEFAULT_RELATION)}
    touched = {
        source
        for evidence in feeding & partial.keys()
        for source in partial[evidence]["source"].unique().to_pylist()
    }
    sources = vector_tracks(staying)
    kept = [Agreement(**row) for row in graph.read(query("rate/read_agreements"))]
    concerned = [a for a in kept if touched & {a.low, a.high} and {a.low, a.high} <= sources.keys()]
    if not concerned:
        return []
    return Recount(graph, staying, partial, known, before, changed).of(concerned)


def _starts(
    graph: Graph,
    rated: str,
    rows: Mapping[str, pa.Table],
    moving: tuple[Sequence[str], Mapping[str, object]],
    changed: Ints,
    live: Sequence[Row],
) -> Ints:
    """Return the starts of pairs of a rated type whose rating may change; `moving` are the sources
    that leave and those whose vote changes.
    """
    feeding = {e.name for e in evidence_feeding(rated)}
    found = [table["start"].to_numpy() for evidence, table in rows.items() if evidence in feeding]
    if rated == DEFAULT_RELATION:
        for part in in_parts(changed.tolist(), IDS):
            edges = graph.stream(query("delete/read_rated", rated=rated), ids=part)
            found.append(np.fromiter((row[1] for row in edges), dtype=np.int64))
    moved = {*moving[0], *moving[1]}
    for track in live:
        if track["source"] in moved and track["evidence"] in feeding:
            find = query("rate/find_known", evidence=track["evidence"])
            known = graph.stream(find, source=track["source"])
            found.append(np.fromiter((row[0] for row in known), dtype=np.int64))
    return np.unique(np.concatenate([np.empty(0, np.int64), *found]))


def _predict_pairs(
    graph: Graph,
    starts: Mapping[str, Ints],
    rows: Mapping[str, pa.Table],
    leaving: Sequence[str],
    constants: Mapping[str, Any],
    progress: Progress,
) -> tuple[pa.Table, pa.Table]:
    relations: list[pa.Table] = []
    shifts: list[pa.Table] = []
    partial = _partial_rows(rows, leaving)
    for rated in rated_types():
        of_type = [e for e in rows if evidence_type(e).feeds == rated.name]
        edges = _edges_by_start([partial[e] for e in of_type if e in partial])
        asked = [[i, edges.get(i, [])] for i in starts[rated.name].tolist()]
        parts = in_parts(asked, STARTS)
        text = query("delete/predict_pairs", rated=rated.name)
        for done, found in enumerate(graph.stream_parts(text, "starts", parts, **constants)):
            relations += _touched(rated.name, found)
            shifts += _shifted(rated.name, found)
            progress("predicting", min((done + 1) * STARTS, len(asked)), len(asked))
    return _joined(relations, RELATIONS), _joined(shifts, SHIFTS)


def _touched(rated: str, found: Sequence[tuple[Any, ...]]) -> list[pa.Table]:
    rows = [(rated, one[0], row[0], *one[1:]) for row in found for one in row[1]]
    if not rows:
        return []
    column = list(zip(*rows, strict=True))
    return [_table(column, RELATIONS)]


def _shifted(rated: str, found: Sequence[tuple[Any, ...]]) -> list[pa.Table]:
    starts = np.repeat([row[0] for row in found], [len(row[2]) for row in found])
    edges, ends, before, after = (
        list(chain.from_iterable(row[i] for row in found)) for i in range(2, 6)
    )
    types = [rated] * len(edges)
    return [_table([types, edges, starts, ends, before, after], SHIFTS)] if edges else []


def _table(values: Sequence[Any], schema: pa.Schema) -> pa.Table:
    arrays = [pa.array(v, f.type) for v, f in zip(values, schema, strict=True)]
    return pa.Table.from_arrays(arrays, schema=schema)


def _joined(tables: list[pa.Table], schema: pa.Schema) -> pa.Table:
    return pa.concat_tables([schema.empty_table(), *tables]).combine_chunks()


def _edges_by_start(tables: Sequence[pa.Table]) -> dict[int, list[int]]:
    edges: dict[int, list[int]] = defaultdict(list)
    for table in tables:
        for start, edge in zip(table["start"].to_pylist(), table["edge"].to_pylist(), strict=True):
            edges[start].append(edge)
    return edges
