"""Repetition within and across sources, against a count over the exported rows."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from pathlib import Path

import pytest
from click.testing import CliRunner

from hartonomous.ask.relations.repetition import repetition
from hartonomous.cli import main
from hartonomous.graph.driver import Graph
from tests.building import exported, put_in, random_bundle


def test_ratios_are_those_of_the_rows(served: Graph, tmp_path: Path) -> None:
    for seed, size in ((1, 100), (2, 60)):
        put_in(served, random_bundle(tmp_path, seed, size=size), f"s{seed}")
    rows = [json.loads(line) for line in exported(served)]
    evidence = [row for row in rows if row["record"] == "evidence"]
    holders, known = defaultdict(set), defaultdict(set)
    for row in evidence:
        holders[row["start"], row["end"]].add(row["source"])
        known[row["source"]] |= {row["start"], row["end"]}
    shared_words = known["s1"] & known["s2"]
    comparable = {pair for pair in holders if set(pair) <= shared_words}

    found = repetition(served)
    assert found.by_sources == dict(sorted(Counter(map(len, holders.values())).items()))
    assert found.comparable == len(comparable) > 0
    held = sum(len(holders[pair]) for pair in comparable)
    assert found.sources_per_comparable_pair == pytest.approx(held / len(comparable))
    for one in found.sources:
        own = {pair for pair, names in holders.items() if one.source in names}
        listed = [row["directed"] for row in evidence if row["source"] == one.source]
        assert (one.pairs, one.observations) == (len(own), sum(listed))
        assert one.held_by_others == sum(len(holders[pair]) > 1 for pair in own)
        assert one.could_be_held == len(own & comparable)
        assert one.shared == pytest.approx(one.held_by_others / one.could_be_held)
    for track in found.tracks:
        assert 1 <= track.observations_per_pair <= 2 * track.positions
    done = CliRunner().invoke(main, ["stats"])
    assert "observations per pair" in done.output
    assert done.output.count("* ") == len(found.assumptions)
    facts = json.loads(CliRunner().invoke(main, ["stats", "--json"]).stdout)["repetition"]
    assert facts["comparable"] == found.comparable


def test_an_empty_graph_repeats_nothing(graph: Graph) -> None:
    assert repetition(graph).sources_per_comparable_pair == 0.0
