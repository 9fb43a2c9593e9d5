"""What models expect next, in the graph: rated, additive by source, taken out without a trace."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hartonomous.bundle import Bundle
from hartonomous.delete.deletion import delete_source
from hartonomous.delete.deletion_plan import plan
from hartonomous.delete.selectors import Selectors
from hartonomous.extract.extraction import ExtractOptions, extract, open_model
from hartonomous.extract.importer_protocol import OpenOptions
from hartonomous.graph.driver import Graph
from hartonomous.graph.writer_lock import WriterLock
from hartonomous.load import loader
from hartonomous.operations.ingestion import load_bundle
from hartonomous.rate import rating_pass
from hartonomous.rate.formulas import elo
from hartonomous.schema import ANYTHING, MICRO
from tests import models
from tests.building import exported, put_in, random_bundle, silent, wipe
from tests.tiny_transformers import reading_bundle

TEXTS = {
    "one": "king queen river bank money crown king queen river lake",
    "two": "king queen river bank money throne prince creek lake king queen",
}


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Bundle]:
    """Two causal models that read texts with contexts in common, and a matrix of vectors."""
    folder = tmp_path_factory.mktemp("expecting")
    made = {"three": random_bundle(folder, 3)}
    tracks = {"one": frozenset({"next"}), "two": frozenset({"embedding", "next"})}
    for seed, (name, text) in enumerate(TEXTS.items()):
        made[name] = reading_bundle(folder / name, text, seed, tracks[name])
    return made


def take_out(graph: Graph, name: str) -> None:
    with WriterLock(graph, "test") as lock:
        delete_source(graph, lock, name, silent)


def records(graph: Graph, kind: str) -> list[dict[str, Any]]:
    found = [json.loads(line) for line in exported(graph)]
    return [record for record in found if record["record"] == kind]


def visits(graph: Graph) -> dict[tuple[str, str], tuple[int, int]]:
    texts = {record["key"]: record["text"] for record in records(graph, "composition")}
    return {
        (record["source"], texts[record["context"]]): (record["n"], record["mass"])
        for record in records(graph, "visit")
    }


def test_ratings_are_those_of_the_reference(graph: Graph, bundles: dict[str, Bundle]) -> None:
    for name in ("one", "three", "two"):
        put_in(graph, bundles[name], name)
    sums: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
    for row in records(graph, "evidence"):
        if row["type"] == "NEXT_EVIDENCE":
            n, weight, sources = sums[row["start"], row["end"]]
            sums[row["start"], row["end"]] = [n + row["n"], weight + row["weight"], sources + 1]
    rated = {
        (r["start"], r["end"]): (r["n"], r["weight"], r["sources"], r["elo"])
        for r in records(graph, "rating")
        if r["type"] == "PRECEDES"
    }
    assert rated == {
        pair: (n, weight, sources, elo(n, weight, sources))
        for pair, (n, weight, sources) in sums.items()
    }
    assert {sources for _, _, sources, _ in rated.values()} == {1, 2}
    assert any(r["type"] == "RELATES" for r in records(graph, "rating"))


def test_times_and_mass_add_up_for_every_source(graph: Graph, bundles: dict[str, Bundle]) -> None:
    for name in TEXTS:
        put_in(graph, bundles[name], name)
    stored: dict[tuple[str, str], int] = defaultdict(int)
    keys = {record["key"]: record["text"] for record in records(graph, "composition")}
    for row in records(graph, "evidence"):
        if row["type"] == "NEXT_EVIDENCE":
            stored[row["source"], keys[row["start"]]] += row["weight"]
    found = visits(graph)
    assert found["one", "king queen"][0] == 2
    assert found["two", "king queen"][0] == 2
    assert found["one", ANYTHING][0] == len(TEXTS["one"].split())
    # Each of the places was rounded to a millionth once.
    for visit, (n, mass) in found.items():
        assert abs(n * MICRO - mass - stored[visit]) <= 64 * n
    assert stored.keys() <= found.keys()


@pytest.mark.parametrize("leaving", ["one", "two"])
def test_deleting_leaves_what_the_others_give(
    graph: Graph, bundles: dict[str, Bundle], leaving: str, rng: np.random.Generator
) -> None:
    staying = [name for name in bundles if name != leaving]
    for name in rng.permutation(staying).tolist():
        put_in(graph, bundles[name], name)
    without = exported(graph)
    structure = graph.read(JOINS)
    wipe(graph)
    for name in rng.permutation(list(bundles)).tolist():
        put_in(graph, bundles[name], name)
    planned = plan(graph, Selectors(sources=(leaving,)), silent)
    rows = sum(track.rows for track in bundles[leaving].tracks)
    assert planned.summary["counts"]["evidence"] == rows
    take_out(graph, leaving)
    assert exported(graph) == without
    assert graph.read(JOINS) == structure


JOINS = """
MATCH (a:Composition)-[x:BACKS_OFF_TO|EXTENDS_TO]->(b:Composition)
RETURN a.text AS a, type(x) AS type, b.text AS b, x.token AS token ORDER BY a, type, b
"""


def test_contexts_are_joined_to_shorter_ones(graph: Graph, bundles: dict[str, Bundle]) -> None:
    put_in(graph, bundles["one"], "one")
    joins = {(row["a"], row["type"], row["b"]) for row in graph.read(JOINS)}
    assert ("king queen river", "BACKS_OFF_TO", "queen river") in joins
    assert ("queen river", "BACKS_OFF_TO", "river") in joins
    assert ("king queen", "EXTENDS_TO", "king queen river") in joins
    assert ("king", "EXTENDS_TO", "king queen") in joins


def test_a_context_lives_while_some_source_visited_it(
    graph: Graph, bundles: dict[str, Bundle]
) -> None:
    for name in TEXTS:
        put_in(graph, bundles[name], name)
    take_out(graph, "one")
    texts = {record["text"] for record in records(graph, "composition")}
    assert {"king queen", "king queen river", "bank money throne"} <= texts
    assert not {"money crown", "bank money crown", "river lake"} & texts
    assert {source for source, _ in visits(graph)} == {"two"}
    take_out(graph, "two")
    assert not records(graph, "composition")


@pytest.mark.parametrize("stage", ["contexts", "evidence"])
def test_an_interrupted_load_of_contexts_goes_on(
    graph: Graph, bundles: dict[str, Bundle], monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    monkeypatch.setattr(loader, "BATCH_ROWS", 20)
    monkeypatch.setattr(rating_pass, "STARTS", 20)
    put_in(graph, bundles["two"], "two")
    whole = exported(graph)
    wipe(graph)

    def stop(now: str, done: int, total: int) -> None:
        if now == stage and done > total // 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        load_bundle(graph, bundles["two"], "two", stop)
    assert not [line for line in exported(graph) if '"record":"rating"' in line]
    report = load_bundle(graph, bundles["two"], "two", silent)
    assert stage != "evidence" or report.load.already > 0
    assert exported(graph) == whole
    assert load_bundle(graph, bundles["two"], "two", silent).repeated
    assert exported(graph) == whole


def test_a_load_that_never_went_live_leaves_nothing(
    graph: Graph, bundles: dict[str, Bundle]
) -> None:
    put_in(graph, bundles["one"], "one")
    before = exported(graph)
    with WriterLock(graph, "test") as lock:
        loader.load(graph, lock, bundles["two"], "two", silent)
    take_out(graph, "two")
    assert exported(graph) == before


def test_replacing_gives_what_a_fresh_ingest_gives(
    graph: Graph, bundles: dict[str, Bundle]
) -> None:
    put_in(graph, bundles["two"], "it")
    fresh = exported(graph)
    wipe(graph)
    put_in(graph, bundles["one"], "it")
    put_in(graph, bundles["two"], "it", replace=True)
    assert exported(graph) == fresh


def test_a_real_causal_model_goes_in(
    graph: Graph, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = tmp_path / "read.txt"
    text.write_text("The capital of France is Paris. The capital of France is a large city.")
    options = OpenOptions(limit=300, tracks=frozenset({"layers", "heads", "next"}), read=(text,))
    capsys.readouterr()
    model = open_model(str(models.SMOLLM), options)
    # The libraries that open a GGUF file have progress bars of their own.
    assert capsys.readouterr() == ("", "")
    assert [len(track.positions) for track in model.tracks] == [31, 90]
    assert model.parameters == 134_515_008
    bundle = extract(model, ExtractOptions(), tmp_path / "b", silent)
    put_in(graph, bundle, "smollm")
    found = visits(graph)
    assert found["smollm", "of"][0] >= 3
    rows = graph.read(
        "MATCH (:Token {text: 'of'})-[r:PRECEDES]->(b) "
        "RETURN b.text AS text ORDER BY r.weight DESC LIMIT 5"
    )
    assert "the" in {row["text"] for row in rows}
