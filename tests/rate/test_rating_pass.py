"""Ratings are those of the evidence: against Python, and against DuckDB over an export."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph
from hartonomous.load.canonical_export import export
from hartonomous.operations.ingestion import rate
from hartonomous.rate.formulas import SHRINKAGE, consensus, cost, decades, elo
from hartonomous.rate.rating_pass import read_state
from hartonomous.schema import DEFAULT_RELATION
from tests.building import exported, put_in, random_bundle, silent, wipe

RECOMPUTED = f"""
WITH rows AS (SELECT * FROM read_json('{{file}}', format='newline_delimited', columns={{{{
    record:'VARCHAR', start:'VARCHAR', "end":'VARCHAR', source:'VARCHAR', n:'BIGINT',
    weight:'BIGINT', support:'BIGINT', vote:'BIGINT', absent:'BIGINT', elo:'DOUBLE',
    consensus:'BIGINT', decades:'BIGINT', sources:'BIGINT'}}}})),
track AS (SELECT source, vote, absent FROM rows WHERE record = 'track'),
evidence AS (SELECT * FROM rows WHERE record = 'evidence'),
known AS (SELECT DISTINCT source, start AS key FROM evidence
          UNION SELECT DISTINCT source, "end" FROM evidence),
pair AS (SELECT start, "end", sum(n) AS n, sum(weight) AS weight,
                count(DISTINCT source) AS sources FROM evidence GROUP BY ALL),
term AS (SELECT p.start, p."end", t.vote, coalesce(e.support, t.absent) AS odds
         FROM pair p JOIN known a ON a.key = p.start
         JOIN known b ON b.key = p."end" AND b.source = a.source
         JOIN track t ON t.source = a.source
         LEFT JOIN evidence e
           ON e.start = p.start AND e."end" = p."end" AND e.source = a.source),
summed AS (SELECT start, "end", CAST(floor((2 * sum(vote * odds) + sum(vote) + {SHRINKAGE})
             / (2.0 * (sum(vote) + {SHRINKAGE}))) AS BIGINT) AS d FROM term GROUP BY ALL),
rated AS (SELECT * FROM rows WHERE record = 'rating')
SELECT count(*) AS pairs,
       count(*) FILTER (r.n = p.n AND r.weight = p.weight AND r.sources = p.sources
         AND r.elo = 1500.0 + least(1000.0, 0.1::DOUBLE * p.n)
             + 500.0 * (p.weight / 1e6 / p.n) + least(200, 20 * p.sources)
         AND r.decades = s.d
         AND r.consensus = 1500 + CAST(floor((4 * s.d + 5) / 10.0) AS BIGINT)) AS equal
FROM pair p FULL JOIN rated r ON r.start = p.start AND r."end" = p."end"
LEFT JOIN summed s ON s.start = p.start AND s."end" = p."end"
"""


@settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seeds=st.lists(st.integers(0, 10**6), min_size=1, max_size=4, unique=True))
def test_ratings_equal_the_python_reference(
    graph: Graph, tmp_path_factory: pytest.TempPathFactory, seeds: list[int]
) -> None:
    wipe(graph)
    folder = tmp_path_factory.mktemp("rating")
    for seed in seeds:
        put_in(graph, random_bundle(folder, seed, size=20 + seed % 40), f"s{seed}")
    records = defaultdict(list)
    for line in exported(graph):
        row = json.loads(line)
        records[row["record"]].append(row)
    assert _expected(records) == {
        (row["start"], row["end"]): (row["elo"], row["decades"], row["consensus"])
        for row in records["rating"]
    }


def _expected(records: dict[str, list[dict]]) -> dict[tuple[str, str], tuple[float, int, int]]:
    tracks = {row["source"]: row for row in records["track"]}
    pairs = defaultdict(dict)
    known = defaultdict(set)
    for row in records["evidence"]:
        pairs[row["start"], row["end"]][row["source"]] = row
        known[row["source"]] |= {row["start"], row["end"]}
    ratings = {}
    for (start, end), rows in pairs.items():
        terms = [
            (track["vote"], rows[name]["support"] if name in rows else track["absent"])
            for name, track in tracks.items()
            if start in known[name] and end in known[name]
        ]
        n = sum(row["n"] for row in rows.values())
        weight = sum(row["weight"] for row in rows.values())
        d = decades(terms)
        ratings[start, end] = (elo(n, weight, len(rows)), d, consensus(d))
    return ratings


def test_duckdb_recomputes_the_whole_graph(graph: Graph, tmp_path: Path) -> None:
    for seed in (1, 2, 3):
        put_in(graph, random_bundle(tmp_path, seed, size=100, k=8), f"s{seed}")
    file = tmp_path / "graph.jsonl"
    export(graph, file, silent)
    pairs, equal = duckdb.sql(RECOMPUTED.format(file=file)).fetchall()[0]
    assert pairs == equal > 500


def test_the_cost_of_a_pair_follows_from_its_odds(graph: Graph, tmp_path: Path) -> None:
    for seed in (6, 7):
        put_in(graph, random_bundle(tmp_path, seed), f"s{seed}")
    rows = graph.read("MATCH ()-[r:RELATES]->() RETURN r.decades AS decades, r.cost AS cost")
    assert rows
    assert all(row["cost"] == cost(row["decades"]) >= 1 for row in rows)


def test_both_languages_agree_on_every_cost(graph: Graph) -> None:
    # A removal writes what Python worked out where rating writes what Cypher did.
    text = query("rate/rate_pairs", rated=DEFAULT_RELATION)
    (formula,) = re.findall(r"cost: (.+)", text)
    rows = graph.read(f"UNWIND range(-60000, 60000) AS decades RETURN decades, {formula} AS cost")
    assert [row["cost"] for row in rows] == [cost(row["decades"]) for row in rows]


def test_rating_everything_anew_changes_nothing(graph: Graph, tmp_path: Path) -> None:
    for seed in (4, 5):
        put_in(graph, random_bundle(tmp_path, seed), f"s{seed}")
    before = exported(graph)
    report = rate(graph, silent, everything=True)
    assert report.pairs > 0
    assert exported(graph) == before


def test_a_damaged_rating_is_mended_by_rating_everything(graph: Graph, tmp_path: Path) -> None:
    put_in(graph, random_bundle(tmp_path, 6), "s6")
    before = exported(graph)
    graph.write("MATCH ()-[r:RELATES]->() SET r.elo = 1.0, r.extra = 1")
    graph.write("MATCH ()-[r:RELATES]->() WITH r LIMIT 20 DELETE r")
    assert exported(graph) != before
    rate(graph, silent, everything=True)
    assert exported(graph) == before


def test_the_graph_is_settled_only_after_the_pass(graph: Graph, tmp_path: Path) -> None:
    seen: set[bool] = set()

    def watch(stage: str, done: int, total: int) -> None:
        if stage == "rating" and done < total:
            seen.add(read_state(graph)["settled"])

    put_in(graph, random_bundle(tmp_path, 7, size=118), "s7")
    graph.write("MATCH (c:Composition) SET c:Unrated")
    rate(graph, watch, everything=False)
    assert seen == {False}
    assert read_state(graph)["settled"]
