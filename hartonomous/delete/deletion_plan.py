"""Deletion plan: all rows and ratings that a removal will change, computed without writing."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from hartonomous.delete.connectivity_impact import cut
from hartonomous.delete.place_changes import gone, held_after, read_places
from hartonomous.delete.rating_forecast import Prediction, predict
from hartonomous.delete.removed_rows import read_rows, read_structure, read_visits
from hartonomous.delete.selectors import (
    Elsewhere,
    Selection,
    Selectors,
    refuse_empty,
    select,
)
from hartonomous.delete.visit_changes import masses, visited_after
from hartonomous.errors import Conflict
from hartonomous.evidence import digest, key_columns, with_own_properties
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph, Row, in_parts
from hartonomous.graph.state_digest import Facts, digest_of, read_facts
from hartonomous.progress import Progress
from hartonomous.rate.formulas import consensus
from hartonomous.rate.rating_pass import read_state, vote_of
from hartonomous.rate.source_agreement import Verdict
from hartonomous.schema import DEFAULT_RELATION, evidence_type, is_evidence

FORMAT = 1
IDS = 5_000
TOP = 20
LISTED = 100

BYTES_OF_EVIDENCE, BYTES_OF_RELATION = 130, 160
"""Bytes in the store's files, measured on a million edges with their properties inline."""

"""Removed or re-rated on a machine of two cores; for the time a plan expects."""

COMPOSITIONS = pa.schema(
    [
        pa.field("id", pa.int64()),
        pa.field("key", pa.string()),
        pa.field("text", pa.string()),
        pa.field("kind", pa.string()),
    ]
)

KNOWN = pa.schema([pa.field("composition", pa.int64()), pa.field("known", pa.string())])


@dataclass(frozen=True)
class Plan:
    """A removal, ready to be executed: a summary for people, and the rows.

    In the tables, compositions are row numbers of `tables["compositions"]`; `tables[TYPE]` are the
    rows of evidence to remove, with `edge` their database ids, valid while the graph does not
    change. A plan is not `trusted` if it was read from a file without a signature of a key used
    here.
    """

    summary: dict[str, Any]
    tables: dict[str, pa.Table]
    trusted: bool = True

    def __repr__(self) -> str:
        counted = ", ".join(f"{name} {n:,}" for name, n in self.summary["counts"].items())
        return f"<Plan: {counted}>"

    @property
    def evidence(self) -> dict[str, pa.Table]:
        """Return the rows of evidence to remove, by type, with the columns of
        `removed_rows.row_schema`.
        """
        return {name: table for name, table in self.tables.items() if is_evidence(name)}


def plan(
    graph: Graph,
    selectors: Selectors,
    progress: Progress,
    with_cut: bool = False,
    elsewhere: Elsewhere | None = None,
) -> Plan:
    """Return the plan of removing the selected rows; nothing is written.

    `with_cut` adds the disconnected compositions, which needs Graph Data Science. With `elsewhere`,
    selectors that match only copies outside the graph are accepted, without rows of the graph.
    Raises NotFound for selectors without a match, Conflict if the graph is not settled or changes
    meanwhile.
    """
    state = read_state(graph)
    if not state["settled"]:
        raise Conflict("A rating pass is due; finish it with 'hartonomous rate', then plan again.")
    facts = read_facts(graph)
    selection = select(graph, selectors, elsewhere)
    tracks = graph.read(query("rate/read_tracks"))
    types: dict[str, list[str]] = {}
    for track in tracks:
        types.setdefault(track["source"], []).append(track["evidence"])
    progress("reading", 0, 1)
    rows = read_rows(graph, selection, types)
    if elsewhere is not None:
        refuse_empty(selection, rows, elsewhere)
    visits = read_visits(graph, selection)
    progress("reading", 1, 1)
    leaving = sorted(selection.sources)
    predicted = predict(graph, tracks, leaving, rows, progress)
    orphans = _orphans(_touched(graph, rows, visits, selection), rows, visits)
    tables = _tables(graph, rows, visits, orphans, predicted, leaving)
    tables["places"] = read_places(graph, selection, tables)
    lost = lost_types(tables["relations"], selectors.types)
    cut_off = _cut(graph, tables, orphans, lost) if with_cut else None
    tables = _numbered(graph, tables)
    after = _facts_after(facts, leaving, tables, predicted, tracks)
    if read_state(graph)["epoch"] != state["epoch"] or read_facts(graph) != facts:
        raise Conflict("The graph changed during planning; plan again.")
    summary = {
        "format": FORMAT,
        "nonce": secrets.token_hex(16),
        "selectors": selectors.described(),
        "graph": {"digest": digest_of(facts), "epoch": state["epoch"], "formula": facts["formula"]},
        "after": {"digest": digest_of(after)},
        "sources": _source_summaries(graph, selection, tables, facts, after),
        "cut": cut_off,
        "survivors": _survivors(tables, tracks),
        **_selected(selection),
        **_predictions(tables, predicted),
    }
    return Plan(summary, tables)


def _tables(
    graph: Graph,
    rows: Mapping[str, pa.Table],
    visits: pa.Table,
    orphans: NDArray[np.int64],
    predicted: Prediction,
    leaving: Sequence[str],
) -> dict[str, pa.Table]:
    """Return the tables of a plan; compositions are database ids."""
    by_pair = [("type", "ascending"), ("start", "ascending"), ("end", "ascending")]
    known = {"composition": list(predicted.known), "known": list(predicted.known.values())}
    return {
        **rows,
        "visits": visits,
        "masses": masses(graph, rows, visits, leaving),
        "structure": read_structure(graph, orphans),
        "relations": predicted.relations.sort_by(by_pair),
        "shifts": predicted.shifts.sort_by("edge"),
        "orphans": pa.table({"composition": pa.array(orphans, pa.int64())}),
        "known": pa.table(known, schema=KNOWN),
    }


def _selected(selection: Selection) -> dict[str, Any]:
    """Return what a summary says of the selection."""
    return {
        "compositions": [
            {"key": one.key, "text": one.text, "kind": one.kind, "why": one.why}
            for one in selection.compositions
        ],
        "evidence_ranges": [asdict(one) for one in selection.evidence],
        "pairs": [[low["key"], high["key"]] for low, high in selection.pairs],
    }


def _predictions(tables: Mapping[str, pa.Table], predicted: Prediction) -> dict[str, Any]:
    """Return what a summary says of counts, ratings, votes and agreements afterwards."""
    counts = _counts(tables)
    return {
        "counts": counts,
        "expected": _expected(counts),
        "top_losses": _top_losses(tables),
        "renamed": predicted.renamed,
        "votes": {name: _stated(verdict) for name, verdict in predicted.votes.items()},
        "agreements": [one.row() for one in predicted.agreements],
    }


def _stated(verdict: Verdict) -> list[Any]:
    # Of sources that judged nothing as earlier versions have it, so that their plans compare equal.
    return list(verdict if verdict.trust is not None else verdict[:2])


def _cut(
    graph: Graph,
    tables: Mapping[str, pa.Table],
    orphans: NDArray[np.int64],
    types: Sequence[str],
) -> dict[str, Any]:
    lost = lost_relations(tables["relations"], types)["edge"].to_pylist()
    found = cut(graph, lost, orphans.tolist(), types)
    names = graph.read(query("delete/read_compositions_alone"), ids=list(found.cut_off[:LISTED]))
    return {
        "types": list(types),
        "parts": list(found.parts),
        "articulation_points": list(found.articulation_points),
        "cut_off": len(found.cut_off),
        "among_them": sorted(row["text"] for row in names),
    }


def lost_types(relations: pa.Table, named: Sequence[str]) -> tuple[str, ...]:
    """Return the rated types by which a plan's lost relations are reported on: the named ones, else
    RELATES if any of it is lost or nothing is, else those that lose relations.
    """
    gone = set(relations.filter(pc.equal(relations["n"], 0))["type"].to_pylist())
    usual = (DEFAULT_RELATION,) if not gone or DEFAULT_RELATION in gone else tuple(sorted(gone))
    return tuple(named) or usual


def lost_relations(relations: pa.Table, types: Sequence[str]) -> pa.Table:
    """Return the lost ones of a plan's relations, of these rated types."""
    of_types = pc.is_in(relations["type"], pa.array(types, pa.string()))
    return relations.filter(pc.and_(pc.equal(relations["n"], 0), of_types))


def _touched(
    graph: Graph, rows: Mapping[str, pa.Table], visits: pa.Table, selection: Selection
) -> list[Row]:
    """Return every composition that loses rows, with its present counts."""
    found = [table[end].to_numpy() for table in rows.values() for end in ("start", "end")]
    found += [visits["composition"].to_numpy()]
    found += [np.array([one.id for one in selection.compositions], dtype=np.int64)]
    ids = np.unique(np.concatenate(found)).tolist()
    statement = query("delete/read_compositions")
    names = ("id", "key", "text", "kind", "known", "evidence", "visits")
    return [
        dict(zip(names, row, strict=True))
        for part in graph.stream_parts(statement, "ids", in_parts(ids, IDS))
        for row in part
    ]


def _orphans(
    touched: Sequence[Row], rows: Mapping[str, pa.Table], visits: pa.Table
) -> NDArray[np.int64]:
    """Return the compositions that will have neither evidence nor a visit, sorted."""
    ids = np.array([row["id"] for row in touched], dtype=np.int64)
    left = np.array([row["evidence"] + row["visits"] for row in touched], dtype=np.int64)
    ends: list[NDArray[np.int64]] = []
    for table in rows.values():
        start, end = table["start"].to_numpy(), table["end"].to_numpy()
        # What relates a composition to itself is one edge of it.
        ends += [start, end[end != start]]
    for column in [*ends, visits["composition"].to_numpy()]:
        np.subtract.at(left, np.searchsorted(ids, column), 1)
    orphans: NDArray[np.int64] = ids[left == 0]
    return orphans


def _numbered(graph: Graph, tables: Mapping[str, pa.Table]) -> dict[str, pa.Table]:
    """Return the tables with database ids of compositions replaced by row numbers of
    `compositions`.
    """
    ends = ("start", "end", "composition")
    found = [t[c].to_numpy() for t in tables.values() for c in t.schema.names if c in ends]
    ids = np.unique(np.concatenate([np.empty(0, np.int64), *found]))
    statement = query("delete/read_compositions_alone")
    rows = [
        row
        for part in graph.stream_parts(statement, "ids", in_parts(ids.tolist(), IDS))
        for row in part
    ]
    *columns, own = list(zip(*rows, strict=True)) if rows else [()] * 5
    compositions = pa.table(dict(zip(COMPOSITIONS.names, columns, strict=True)), COMPOSITIONS)
    compositions = with_own_properties(compositions, own)
    numbered = {name: _renumber(table, ids, ends) for name, table in tables.items()}
    return {"compositions": compositions, **numbered}


def _renumber(table: pa.Table, ids: NDArray[np.int64], ends: Sequence[str]) -> pa.Table:
    for place, name in enumerate(table.schema.names):
        if name in ends:
            row = np.searchsorted(ids, table[name].to_numpy()).astype(np.int32)
            table = table.set_column(place, pa.field(name, pa.int32()), pa.array(row))
    return table


def removed_by_track(tables: Mapping[str, pa.Table]) -> dict[tuple[str, str], dict[str, Any]]:
    """Return rows, observations and digest of the removed evidence by (source, type).

    `tables` are those of a plan.
    """
    keys = key_columns(tables["compositions"]["key"])
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for evidence, table in tables.items():
        if not is_evidence(evidence):
            continue
        counted = evidence_type(evidence).counted
        for source in sorted(table["source"].unique().to_pylist()):
            part = table.filter(pc.equal(table["source"], source))
            found[source, evidence] = {
                "rows": part.num_rows,
                "observations": pc.sum(part[counted]).as_py(),
                "digest": digest(
                    part.drop(["edge", "source"]), keys, evidence_type(evidence).later
                ),
            }
    return found


def _facts_after(
    facts: Facts,
    leaving: Sequence[str],
    tables: Mapping[str, pa.Table],
    predicted: Prediction,
    tracks: Sequence[Row],
) -> Facts:
    removed = removed_by_track(tables)
    visits = pc.value_counts(tables["visits"]["source"]).to_pylist()
    fewer = {one["values"]: one["counts"] for one in visits}
    places = pc.value_counts(gone(tables)["source"]).to_pylist()
    unplaced = {one["values"]: one["counts"] for one in places}
    after = {}
    for name, source in facts["sources"].items():
        if name in leaving:
            continue
        changed = {**source, "visits": source["visits"] - fewer.get(name, 0), "tracks": {}}
        if (held := changed.pop("places", 0) - unplaced.get(name, 0)) > 0:
            changed["places"] = held
        for evidence, track in source["tracks"].items():
            loss = removed.get((name, evidence))
            changed["tracks"][evidence] = _lessened(track, loss) if loss else dict(track)
        if name in predicted.votes:
            verdict = predicted.votes[name]
            # Null properties are not stored.
            changed |= {"lineage": verdict.divisor, "distrusted": verdict.distrusted}
            for track in changed["tracks"].values():
                track["vote"] = vote_of(track, verdict)
        after[name] = changed
    return {**facts, "sources": after}


def _lessened(track: Row, loss: Mapping[str, Any]) -> Row:
    return {
        **track,
        "rows": track["rows"] - loss["rows"],
        "observations": track["observations"] - loss["observations"],
        "digest": [a - b for a, b in zip(track["digest"], loss["digest"], strict=True)],
    }


def _source_summaries(
    graph: Graph,
    selection: Selection,
    tables: Mapping[str, pa.Table],
    facts: Facts,
    after: Facts,
) -> dict[str, Any]:
    """Return, for each source that loses rows, their number, and its description if it is removed
    whole.
    """
    removed = removed_by_track(tables)
    summaries: dict[str, Any] = {}
    names = {*selection.sources, *(source for source, _ in removed)}
    for name in sorted(names.union(tables["visits"]["source"].to_pylist())):
        (row,) = graph.read(query("delete/read_source"), name=name)
        whole = name in selection.sources
        left = {} if whole else after["sources"][name]["tracks"]
        now, held = (row["source"].get(what) for what in ("visited", "held"))
        held = None if whole or held is None else held_after(tables, name, held)
        summaries[name] = {
            "whole": whole,
            "why": selection.sources.get(name, "holds what was selected"),
            "digest": facts["sources"][name]["digest"],
            "created": row["created"],
            "removed": {e: value for (s, e), value in removed.items() if s == name},
            "left": {
                evidence: {key: left[evidence][key] for key in ("rows", "observations", "digest")}
                for evidence in sorted(left)
            },
            "visited": None if whole or now is None else visited_after(tables, name, now),
            **({} if held is None else {"held": held}),
            **({"source": row["source"], "tracks": _unnamed(row["tracks"])} if whole else {}),
        }
    return summaries


def _unnamed(tracks: Sequence[Row]) -> list[Row]:
    """Return tracks without their names, which are derived and in no earlier version's plan."""
    return [{key: value for key, value in track.items() if key != "name"} for track in tracks]


def _counts(tables: Mapping[str, pa.Table]) -> dict[str, int]:
    relations = tables["relations"]
    lost = int(pc.sum(pc.equal(relations["n"], 0)).as_py() or 0)
    places = gone(tables).num_rows
    return {
        "evidence": sum(t.num_rows for name, t in tables.items() if is_evidence(name)),
        "lost": lost,
        "kept": relations.num_rows - lost,
        "shifted": tables["shifts"].num_rows,
        "compositions": tables["orphans"].num_rows,
        "visits": tables["visits"].num_rows,
        # Left out where there are none, so that plans of earlier versions compare equal.
        **({"places": places} if places else {}),
    }


def _survivors(tables: Mapping[str, pa.Table], tracks: Sequence[Row]) -> dict[str, int]:
    """Return the number of affected relations that each remaining source supports."""
    owner: dict[int, str] = {}
    for track in sorted(tracks, key=lambda t: -t["number"]):
        owner[track["number"]] = track["source"]
    seen = tables["relations"]["seen"].combine_chunks().flatten()
    counted = pc.value_counts(seen).to_pylist()
    return {owner[one["values"]]: one["counts"] for one in counted if one["values"] in owner}


def _top_losses(tables: Mapping[str, pa.Table]) -> list[Row]:
    """Return the relations with the highest elo that are lost, or with the largest losses."""
    relations = tables["relations"]
    elo = relations["elo_before"].to_numpy()
    kept = relations["n"].to_numpy() > 0
    loss = np.where(kept, elo - relations["elo"].to_numpy(), elo)
    order = np.lexsort((relations["edge"].to_numpy(), -loss))[:TOP]
    texts = tables["compositions"]["text"]
    return [
        {
            "type": row["type"],
            "start": texts[row["start"]].as_py(),
            "end": texts[row["end"]].as_py(),
            "elo": [row["elo_before"], row["elo"] if row["n"] else None],
            "consensus": [row["consensus_before"], consensus_of(row)],
        }
        for row in relations.take(pa.array(order)).to_pylist()
    ]


def consensus_of(row: Row) -> int | None:
    """Return the predicted consensus of a relation; None if it has none or is lost."""
    return consensus(row["decades"]) if row["n"] and row["decades"] is not None else None


def _expected(counts: Mapping[str, int]) -> dict[str, int]:
    return {
        "bytes": BYTES_OF_EVIDENCE * counts["evidence"] + BYTES_OF_RELATION * counts["lost"],
    }
