"""Counted evidence has odds against chance: what they add to elo and to the consensus."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hartonomous import schema
from hartonomous.ask.relations.explanation import explain
from hartonomous.ask.relations.source_statistics import sources
from hartonomous.bundle import Bundle, BundleWriter
from hartonomous.bundle_scan import scan
from hartonomous.counted_rows import margins, track_trust
from hartonomous.delete.deletion import delete_source
from hartonomous.errors import BadInput
from hartonomous.graph.driver import Graph
from hartonomous.graph.writer_lock import WriterLock
from hartonomous.load.canonical_export import export
from hartonomous.operations.health import doctor
from hartonomous.operations.ingestion import load_bundle
from hartonomous.rate.formulas import SHRINKAGE, consensus, decades, elo
from hartonomous.rate.source_findings import read_findings
from hartonomous.schema import MICRO, evidence_type
from tests.building import (
    COUNTED,
    WORDS,
    exported,
    put_in,
    random_bundle,
    silent,
    wipe,
    with_counted,
)
from tests.counted_evidence import SEEN_TOGETHER, counted_source, judgements, seen_together
from tests.made_types import bundle_of_every_type

Records = dict[str, list[dict[str, Any]]]

RECOMPUTED = f"""
WITH rows AS (SELECT * FROM read_json('{{file}}', format='newline_delimited', columns={{{{
    record:'VARCHAR', type:'VARCHAR', start:'VARCHAR', "end":'VARCHAR', source:'VARCHAR',
    evidence:'VARCHAR', n:'BIGINT', weight:'BIGINT', support:'BIGINT', against:'BIGINT',
    vote:'BIGINT', absent:'BIGINT', elo:'DOUBLE', consensus:'BIGINT', decades:'BIGINT',
    sources:'BIGINT'}}}})),
types AS (SELECT * FROM types_at_hand),
track AS (SELECT source, evidence, vote, absent FROM rows WHERE record = 'track'),
said AS (SELECT r.*, t.feeds, t.silence, t.opposes FROM rows r JOIN types t ON t.name = r.type
         WHERE record = 'evidence'),
known AS (SELECT DISTINCT source, type, start AS key FROM said WHERE silence
          UNION SELECT DISTINCT source, type, "end" FROM said WHERE silence),
pair AS (SELECT feeds, start, "end", sum(n) AS n, sum(weight) AS weight,
                sum(coalesce(against, 0)) AS against,
                count(DISTINCT source) FILTER (n > 0) AS sources
         FROM said GROUP BY ALL HAVING sum(n) > 0),
silent AS (SELECT p.feeds, p.start, p."end", t.vote * t.absent AS odds, t.vote
           FROM pair p JOIN known a ON a.key = p.start
           JOIN known b ON b.key = p."end" AND b.source = a.source AND b.type = a.type
           JOIN track t ON t.source = a.source AND t.evidence = a.type
           WHERE p.feeds = 'RELATES'),
told AS (SELECT s.feeds, s.start, s."end",
                CASE WHEN t.vote < 0 AND s.support < 0 THEN 0 ELSE
                t.vote * (coalesce(s.support, 0) - CASE WHEN s.silence THEN t.absent ELSE 0 END) END AS odds,
                CASE WHEN s.silence OR s.opposes THEN 0 ELSE t.vote END AS vote
         FROM said s JOIN track t ON t.source = s.source AND t.evidence = s.type),
summed AS (SELECT feeds, start, "end", sum(vote) + {SHRINKAGE} AS votes, sum(odds) AS odds
           FROM (FROM silent UNION ALL FROM told) GROUP BY ALL),
meant AS (SELECT p.*, CAST(floor((2 * s.odds + s.votes) / (2.0 * s.votes)) AS BIGINT) AS d
          FROM pair p JOIN summed s ON (s.feeds, s.start, s."end") = (p.feeds, p.start, p."end")),
rated AS (SELECT * FROM rows WHERE record = 'rating')
SELECT count(*) AS pairs,
       count(*) FILTER (r.n = p.n AND r.weight = p.weight AND r.sources = p.sources
         AND r.elo = 1500.0 + least(1000.0, 0.1::DOUBLE * p.n)
             + 500.0 * (p.weight / 1e6 / (p.n + p.against)) + least(200, 20 * p.sources)
         AND r.decades = p.d
         AND r.consensus = 1500 + CAST(floor((4 * p.d + 5) / 10.0) AS BIGINT)) AS equal
FROM meant p FULL JOIN rated r
  ON r.type = p.feeds AND r.start = p.start AND r."end" = p."end"
"""


def records(graph: Graph) -> Records:
    found: Records = defaultdict(list)
    for line in exported(graph):
        row = json.loads(line)
        found[row["record"]].append(row)
    return found


def expected(found: Records) -> dict[tuple[str, str, str], tuple[float, int, int]]:
    """Return the ratings by the integer reference, from the exported evidence alone."""
    tracks = {(row["source"], row["evidence"]): row for row in found["track"]}
    pairs: dict[tuple[str, str, str], dict[tuple[str, str], dict[str, Any]]] = defaultdict(dict)
    known = defaultdict(set)
    for row in found["evidence"]:
        pair = evidence_type(row["type"]).feeds, row["start"], row["end"]
        pairs[pair][row["source"], row["type"]] = row
        known[row["source"], row["type"]] |= {row["start"], row["end"]}
    ratings = {}
    for (rated, start, end), rows in pairs.items():
        terms, judged = [], []
        for name, track in tracks.items():
            kind = evidence_type(name[1])
            if kind.feeds != rated:
                continue
            if name in rows:
                term = (track["vote"], rows[name].get("support", 0))
                (judged if kind.opposes else terms).append(term)
            elif kind.silence and {start, end} <= known[name]:
                terms.append((track["vote"], track["absent"]))
        n = sum(row["n"] for row in rows.values())
        if not n:
            continue
        weight = sum(row["weight"] for row in rows.values())
        against = sum(row.get("against", 0) for row in rows.values())
        d = decades(terms, judged)
        sources = {name[0] for name, row in rows.items() if row["n"]}
        ratings[rated, start, end] = elo(n, weight, len(sources), against), d, consensus(d)
    return ratings


def rated(found: Records) -> dict[tuple[str, str, str], tuple[float, int, int]]:
    return {
        (row["type"], row["start"], row["end"]): (row["elo"], row["decades"], row["consensus"])
        for row in found["rating"]
    }


@pytest.fixture
def mixed(graph: Graph, tmp_path: Path) -> Graph:
    """Two models, one with counted evidence of its own, and a source that only counted."""
    first, second = (random_bundle(tmp_path, seed, size=100, k=8) for seed in (1, 2))
    put_in(graph, first, "plain")
    put_in(graph, with_counted(second, tmp_path / "both", 5), "both")
    put_in(graph, with_counted(first, tmp_path / "counted", 6, vector=False), "counted")
    return graph


def test_ratings_equal_the_python_reference(mixed: Graph) -> None:
    found = records(mixed)
    assert rated(found) == expected(found)
    held = defaultdict(set)
    for row in found["evidence"]:
        held[row["start"], row["end"]].add(row["type"] == COUNTED)
    assert {frozenset(types) for types in held.values()} == {
        frozenset({True}), frozenset({False}), frozenset({True, False}),
    }  # fmt: skip


def test_every_type_is_rated_as_python_and_duckdb_rate_it(graph: Graph, tmp_path: Path) -> None:
    for seed in (1, 2):
        put_in(graph, bundle_of_every_type(tmp_path, seed), f"every-{seed}")
    put_in(graph, random_bundle(tmp_path, 3, size=80), "vectors")
    found = records(graph)
    assert rated(found) == expected(found)
    assert {row["type"] for row in found["rating"]} == {one.name for one in schema.rated_types()}
    file = tmp_path / "graph.jsonl"
    export(graph, file, silent)
    types_at_hand = pa.table(
        {
            name: [getattr(one, name) for one in schema.evidence_types()]
            for name in ("name", "feeds", "silence", "opposes")
        }
    )
    assert types_at_hand.num_rows
    pairs, equal = duckdb.sql(RECOMPUTED.format(file=file)).fetchall()[0]
    assert pairs == equal == len(found["rating"]) > 500


def test_what_was_only_counted_has_odds_of_its_own(graph: Graph, tmp_path: Path) -> None:
    bundle = random_bundle(tmp_path, 1, size=100, k=8)
    put_in(graph, with_counted(bundle, tmp_path / "counted", 6, vector=False), "counted")
    found = records(graph)
    above = [row for row in found["rating"] if row["consensus"] > 1500]
    assert len(above) > len(found["rating"]) / 2
    (track,) = found["track"]
    assert (track["trust"], track["vote"]) == (500, 500_000)
    best = max(found["rating"], key=lambda row: row["consensus"])
    (said,) = (
        r for r in found["evidence"] if (r["start"], r["end"]) == (best["start"], best["end"])
    )
    assert best["decades"] == decades([(500_000, said["support"])])


def test_the_silence_of_what_was_counted_says_nothing(graph: Graph, tmp_path: Path) -> None:
    bundle = random_bundle(tmp_path, 1, size=100, k=8)
    put_in(graph, bundle, "plain")
    before = records(graph)
    put_in(graph, with_counted(bundle, tmp_path / "counted", 6, vector=False), "counted")
    after = records(graph)
    counted = {(row["start"], row["end"]) for row in after["evidence"] if row["type"] == COUNTED}
    for pair, row in rated(before).items():
        if pair[1:] not in counted:
            assert rated(after)[pair] == row
    known = graph.read("MATCH (c:Composition) RETURN DISTINCT c.known AS known")
    assert {row["known"] for row in known} == {"+1"}
    assert graph.read("MATCH ()-[g:AGREES_WITH]->() RETURN g") == []


def test_twenty_counted_sources_leave_the_classes_few(graph: Graph, tmp_path: Path) -> None:
    first, second = (random_bundle(tmp_path, seed, size=100, k=8) for seed in (1, 2))
    put_in(graph, first, "first")
    put_in(graph, second, "second")
    classes = graph.read("MATCH (c:Composition) RETURN DISTINCT c.known AS k ORDER BY k")
    for seed in range(20):
        counted = with_counted(first, tmp_path / f"counted-{seed}", seed, vector=False)
        put_in(graph, counted, f"counted-{seed}")
    assert classes == graph.read("MATCH (c:Composition) RETURN DISTINCT c.known AS k ORDER BY k")


def test_a_counted_source_taken_out_leaves_nothing(graph: Graph, tmp_path: Path) -> None:
    bundle = random_bundle(tmp_path, 1)
    put_in(graph, bundle, "plain")
    before = exported(graph)
    put_in(graph, with_counted(random_bundle(tmp_path, 3), tmp_path / "both", 6), "both")
    with WriterLock(graph, "test") as lock:
        delete_source(graph, lock, "both", silent)
    assert exported(graph) == before


def test_explain_tells_what_was_counted(mixed: Graph) -> None:
    (pair,) = mixed.read(
        "MATCH (a)-[:EMBEDDING_EVIDENCE {source: 'plain'}]->(b), "
        "(a)-[s:SENTENCE_EVIDENCE {source: 'counted'}]->(b) "
        "RETURN a.text AS a, b.text AS b, s.n AS n, s.weight AS weight, s.support AS support "
        "ORDER BY a, b LIMIT 1"
    )
    answer = explain(mixed, pair["a"], pair["b"])
    terms = {(row["source"], row["evidence"]): row for row in answer.tracks}
    counted = terms["counted", COUNTED]
    assert (counted["times"], counted["weight"]) == (pair["n"], pair["weight"])
    assert (counted["support"], counted["vote"]) == (pair["support"], 500_000)
    others = [row for row in answer.tracks if row["observed"] and row is not counted]
    n, weight = (sum(row[name] for row in others) for name in ("times", "weight"))
    sources = len({row["source"] for row in others})
    assert counted["elo_without"] == elo(n, weight, sources)
    assert sum(row["times"] for row in answer.tracks) == answer.relation["times"]
    voting = [(row["vote"], row["support"]) for row in answer.tracks]
    assert decades(voting) == answer.relation["decades"]
    left = [(row["vote"], row["support"]) for row in answer.tracks if row is not counted]
    assert counted["consensus_without"] == consensus(decades(left))
    # What was counted says nothing by silence, so it stands there only where it counted.
    for row in answer.tracks:
        assert row["observed"] or row["evidence"] != COUNTED


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 10**6))
def test_a_rejection_raises_nothing_and_an_acceptance_lowers_nothing(
    graph: Graph, tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    wipe(graph)
    folder, rng = tmp_path_factory.mktemp("judged"), np.random.default_rng(seed)
    bundle = random_bundle(folder, seed, size=30)
    put_in(graph, with_counted(bundle, folder / "both", seed), "both")
    keys = bundle.compositions()["key"].to_pylist()
    pairs = sorted(tuple(sorted(rng.choice(30, 2, replace=False).tolist())) for _ in range(120))
    for accept in (True, False):
        before = rated(records(graph))
        judged = {pair: (1, 0) if accept else (0, int(rng.integers(1, 4))) for pair in pairs}
        put_in(graph, judgements(folder, bundle, judged, f"judge-{accept}"), f"judge-{accept}")
        found = records(graph)
        after, names = rated(found), {("RELATES", keys[a], keys[b]) for a, b in pairs}
        assert after == expected(found)
        if not accept:
            # A rejection makes no relation.
            assert after.keys() == before.keys()
        for pair, row in before.items():
            up, down = (after[pair][i] - row[i] for i in (0, 1))
            if pair not in names:
                assert after[pair] == row
            elif accept:
                assert up >= 0 and down >= 0
            else:
                assert up <= 0 and down <= 0
        assert any(after[pair] != before[pair] for pair in before.keys() & names)


def test_what_only_a_person_rejected_is_no_relation(graph: Graph, tmp_path: Path) -> None:
    bundle = random_bundle(tmp_path, 1, size=30)
    put_in(graph, judgements(tmp_path, bundle, {(0, 1): (0, 2), (2, 3): (1, 1)}, "ann"), "ann")
    found = records(graph)
    keys = bundle.compositions()["key"].to_pylist()
    (row,) = found["rating"]
    assert (row["start"], row["end"], row["n"], row["sources"]) == (keys[2], keys[3], 1, 1)
    (edge,) = graph.read("MATCH ()-[r:RELATES]->() RETURN r.against AS against, r.elo AS elo")
    assert edge == {"against": 1, "elo": elo(1, MICRO, 1, against=1)}
    first, second = (bundle.compositions()["text"][row].as_py() for row in (2, 3))
    said = explain(graph, first, second)
    assert said.relation["against"] == 1
    (judged,) = said.tracks
    # What a person says adds to the odds and not to the votes, which it shares with its silence.
    assert (judged["against"], judged["vote"], judged["divisor"]) == (1, 1_000_000, 0)
    assert said.relation["decades"] == decades([], [(judged["vote"], judged["support"])])


def lying(bundle: Bundle, output: Path, rows: pa.Table, **changes: Any) -> Bundle:
    """Return a counted bundle with other rows, or other constants."""
    (track,) = bundle.tracks
    with BundleWriter(output) as writer:
        writer.write_compositions(bundle.compositions())
        writer.write_evidence(track.evidence, iter([rows]))
        return writer.finish(bundle.source, (replace(track, **changes),))


def test_a_bundle_that_contradicts_itself_is_refused(tmp_path: Path) -> None:
    bundle = with_counted(random_bundle(tmp_path, 1), tmp_path / "sound", 6, vector=False)
    (track,) = bundle.tracks
    rows = pa.Table.from_batches(bundle.evidence(track, 1 << 20))
    scan(bundle)
    with pytest.raises(BadInput, match="claims the trust 1000, its rows give 500"):
        scan(lying(bundle, tmp_path / "trust", rows, trust=1000))
    with pytest.raises(BadInput, match="silence of SENTENCE_EVIDENCE says nothing"):
        scan(lying(bundle, tmp_path / "absent", rows, absent=-500))
    for name in ("support", "start_n"):
        place = rows.schema.get_field_index(name)
        column = rows[name].to_numpy().copy()
        column[7] += 900
        changed = rows.set_column(place, rows.schema.field(name), pa.array(column, rows[name].type))
        with pytest.raises(BadInput, match=r"row 7 .* has a support that its counts do not give"):
            scan(lying(bundle, tmp_path / name, changed))
    with pytest.raises(BadInput, match=r"row 0 .* has a support"):
        scan(lying(bundle, tmp_path / "total", rows, total=3))


@pytest.mark.parametrize("contexts", [300, 3000, 20_000])
def test_trust_is_what_halves_of_the_observations_agree_on(contexts: int) -> None:
    rng, kind = np.random.default_rng(contexts), evidence_type(SEEN_TOGETHER)
    real, shuffled = (seen_together(rng, 200, contexts, real=real) for real in (True, False))
    assert track_trust(kind, *real) >= 250
    assert track_trust(kind, *shuffled) == 0


def test_margins_add_up() -> None:
    start, end, n = (np.array(column) for column in ([0, 0, 1], [1, 2, 2], [5, 2, 3]))
    directed, total = margins(evidence_type("CALLS_EVIDENCE"), start, end, n)
    assert (directed["start_n"].tolist(), directed["end_n"].tolist()) == ([7, 7, 3], [5, 5, 5])
    assert total == 10
    both, total = margins(evidence_type(COUNTED), start, end, n)
    assert (both["start_n"].tolist(), both["end_n"].tolist(), total) == ([7, 7, 8], [8, 5, 5], 20)


def consensus_of(graph: Graph) -> dict[tuple[str, str], int]:
    rows = graph.read(
        "MATCH (a)-[r:RELATES]->(b) RETURN a.key AS a, b.key AS b, r.consensus AS consensus"
    )
    return {(row["a"], row["b"]): row["consensus"] for row in rows}


def test_a_source_that_chance_made_is_named_and_moves_no_consensus(
    graph: Graph, served: Graph, tmp_path: Path
) -> None:
    rng, kind = np.random.default_rng(7), evidence_type(SEEN_TOGETHER)
    words = [f"{word}{number}" for number in range(4) for word in WORDS][:200]
    drawn = {name: seen_together(rng, 200, 3000, real=name != "shuffled") for name in (
        "honest", "other", "shuffled",
    )}  # fmt: skip
    for name in ("honest", "other"):
        bundle = counted_source(tmp_path / name, kind, *drawn[name], words)
        assert load_bundle(graph, bundle, name, silent).findings == ()
    before = consensus_of(graph)
    bundle = counted_source(tmp_path / "shuffled", kind, *drawn["shuffled"], words)
    (found,) = load_bundle(graph, bundle, "shuffled", silent).findings
    assert (found.source, found.kind) == ("shuffled", "chance")
    assert found.text == (
        f"has no vote by {SEEN_TOGETHER}: one half of its observations does not repeat the other"
    )
    after = consensus_of(graph)
    moved = [abs(after[pair] - was) for pair, was in before.items()]
    assert np.mean(np.array(moved) <= 4) >= 0.99
    assert all(after[pair] == 1500 for pair in after.keys() - before.keys())
    (check,) = (one for one in doctor() if one.name == "sources")
    assert check.verdict == "warning" and "shuffled has no vote" in check.seen
    rows = {row["name"]: row["findings"] for row in sources(graph)}
    assert [one["kind"] for one in rows.pop("shuffled")] == ["chance"]
    assert rows == {"honest": [], "other": []}
    # An earlier version counted no halves, so nothing is known of them.
    graph.write(f"MATCH ()-[e:{SEEN_TOGETHER} {{source: 'shuffled'}}]->() REMOVE e.half")
    assert read_findings(graph) == []
