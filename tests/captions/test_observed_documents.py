"""Observed documents: a pair's rating moves, its pages are told, and a folder grows by difference."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hartonomous.ask.relations.explanation import explain
from hartonomous.graph.driver import Graph
from hartonomous.operations.ingestion import ingest_model
from hartonomous.operations.observation import request_observation
from tests.building import exported, wipe

ANIMALS = ("otter", "heron", "vole", "newt", "marten", "badger", "stoat", "plover")
PLACES = ("river", "marsh", "meadow", "copse", "shore", "weir", "ditch", "pond")


def write_pages(folder: Path, pages: int, sentences: int, seed: int = 0) -> None:
    """Write pages of sentences about an animal and a place, its own one every other time."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    for page in range(pages):
        animals, places = rng.integers(8, size=(2, sentences))
        places = np.where(rng.random(sentences) < 0.5, animals, places)
        told = [
            f"On day {page * sentences + at} an {ANIMALS[animal]} came to the {PLACES[place]}."
            for at, (animal, place) in enumerate(zip(animals, places, strict=True))
        ]
        (folder / f"page-{page}.txt").write_text("\n\n".join(told))


def test_after_a_thousand_observations_the_rating_has_moved_and_says_from_which_pages(
    graph: Graph, tmp_path: Path
) -> None:
    few, many = tmp_path / "few", tmp_path / "many"
    write_pages(few, 1, 64, seed=1)
    write_pages(many, 5, 1_600)
    ingest_model(graph, request_observation(few), "few")
    before = explain(graph, "otter", "river").relation
    ingest_model(graph, request_observation(many), "many")
    after = explain(graph, "otter", "river")
    assert after.relation["elo"] > before["elo"]
    assert after.relation["consensus"] > before["consensus"]
    (track,) = [row for row in after.tracks if row["source"] == "many"]
    assert 400 < track["times"] < 700 and track["share"] > 0
    # What the observations changed is what their source is told to have added.
    assert track["elo_without"] == pytest.approx(before["elo"], abs=0.1)
    assert track["consensus_without"] < after.relation["consensus"]
    assert [row["place"] for row in after.places if row["source"] == "many"] == [
        f"page-{page}.txt" for page in range(5)
    ]


def test_a_folder_that_changed_is_as_if_it_was_observed_for_the_first_time(
    graph: Graph, tmp_path: Path
) -> None:
    folder = tmp_path / "notes"
    write_pages(folder, 4, 64)
    ingest_model(graph, request_observation(folder), "notes")
    write_pages(folder, 3, 80)
    (folder / "page-3.txt").unlink()
    (folder / "new.txt").write_text("A kite hangs over the weir.\n\nThe kite left the weir.\n")
    ingest_model(graph, request_observation(folder), None, replace="notes")
    grown = exported(graph)
    wipe(graph)
    ingest_model(graph, request_observation(folder), "notes")
    assert grown == exported(graph)


def test_a_page_added_to_many_leaves_the_rows_of_the_others(graph: Graph, tmp_path: Path) -> None:
    folder = tmp_path / "notes"
    write_pages(folder, 20, 64)
    ingest_model(graph, request_observation(folder), "notes")
    (folder / "new.txt").write_text("A kite hangs over the weir.\n\nThe kite left the weir.\n")
    report = ingest_model(graph, request_observation(folder), None, replace="notes")
    rows = graph.read("MATCH ()-[e:COOCCURRENCE_EVIDENCE]->() RETURN count(e) AS n")[0]["n"]
    assert report.load.already + report.load.rows >= rows
    assert report.load.rows < rows / 3
