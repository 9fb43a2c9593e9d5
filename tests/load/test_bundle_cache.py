"""Bundles that wait: of one home and one graph, locked while used, removed by their owner alone."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from hartonomous.errors import Conflict
from hartonomous.extract.extraction import (
    ExtractOptions,
    describe_source,
    extract_cached,
    open_model,
)
from hartonomous.extract.importer_protocol import OpenedModel, OpenOptions
from hartonomous.extract.search.nearest_neighbours import NeighbourOptions
from hartonomous.graph.driver import Graph
from hartonomous.load import bundle_cache, loader
from hartonomous.load.bundle_cache import (
    WaitingBundle,
    area,
    bundles_in_use,
    discard,
    use_bundle,
    waiting_bundles,
)
from hartonomous.operations import ingestion
from hartonomous.operations.ingestion import ingest, rate
from hartonomous.rate.rating_pass import read_state
from hartonomous.server.connection import connect_managed
from hartonomous.server.home import default_home, refuse_unfit
from hartonomous.server.managed_server import ServerAddress
from tests.building import WORDS, exported, random_bundle, silent, wipe, write_vectors
from tests.command_line import failed, run

OPTIONS = ExtractOptions(NeighbourOptions(k=5))


def model_of(folder: Path, seed: int, size: int = 40) -> OpenedModel:
    rng = np.random.default_rng(seed)
    path = write_vectors(folder / f"model-{seed}", WORDS[:size], rng.normal(size=(size, 6)))
    return open_model(str(path), OpenOptions())


def take_in(graph: Graph, model: OpenedModel, name: str, cache: Path = Path("none")) -> object:
    return ingest(graph, model, OPTIONS, name, cache, silent)


def files() -> list[Path]:
    return [file for file in area().rglob("*") if file.is_file()]


def at(stage: str, act: Callable[[], object]) -> loader.Progress:
    """Progress that does something once a stage is reached."""
    done: list[str] = []

    def note(name: str, _: int, __: int) -> None:
        if name == stage and not done:
            done.append(name)
            act()

    return note


def test_nothing_is_left_of_a_bundle_that_was_loaded(graph: Graph, tmp_path: Path) -> None:
    seen: list[list[str]] = []

    def look() -> None:
        (place,) = waiting_bundles()
        assert place.user() == os.getpid()
        assert place.about()["name"] == "one"
        assert area().stat().st_mode & 0o777 == 0o700
        seen.append(sorted(file.name.partition(".")[2] for file in place.folder.iterdir()))

    ingest(
        graph, model_of(tmp_path, 1), OPTIONS, "one", Path("none"), at("compositions", look)
    )  # fmt: skip
    assert seen == [["", "json", "lock", "lock.holder"]]
    assert files() == []
    refuse_unfit(default_home())


def test_a_second_ingest_of_a_model_waits_for_the_first(
    graph: Graph, server: ServerAddress, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hartonomous.server.file_locks.FIRST_WORD", 0.0)
    model, said = model_of(tmp_path, 1), list[str]()
    reports: list[ingestion.IngestReport] = []

    def second() -> None:
        with connect_managed(server) as other:
            reports.append(ingest(other, model, OPTIONS, "one", Path("x"), silent, say=hear))

    waiting = threading.Event()
    beside = threading.Thread(target=second)

    def hear(text: str) -> None:
        said.append(text)
        waiting.set()

    def start() -> None:
        beside.start()
        assert waiting.wait(60)

    ingest(graph, model, OPTIONS, "one", Path("none"), at("embedding", start))
    beside.join(60)
    assert said == [f"Waiting for an ingest of the same model (process {os.getpid()})."]
    assert [report.repeated for report in reports] == [True]
    assert files() == []


def test_another_graph_of_the_home_has_a_bundle_of_its_own(
    graph: Graph, second_server: ServerAddress, tmp_path: Path
) -> None:
    model = model_of(tmp_path, 1)
    with connect_managed(second_server) as other:
        wipe(other)
        other_done: list[object] = []

        def beside() -> None:
            other_done.append(take_in(other, model, "theirs"))

        ingest(graph, model, OPTIONS, "ours", Path("none"), at("compositions", beside))
        assert other_done
        assert [len(exported(each)) for each in (graph, other)] == [len(exported(graph))] * 2
        wipe(other)
    assert files() == []


@pytest.mark.parametrize("stage", ["embedding", "compositions"])
def test_a_bundle_that_somebody_deletes_loses_nothing(
    graph: Graph, tmp_path: Path, stage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loader, "BATCH_ROWS", 20)
    monkeypatch.setattr(loader, "COMPOSITION_ROWS", 10)
    model = model_of(tmp_path, 1)
    take_in(graph, model, "one")
    whole = exported(graph)
    wipe(graph)

    def delete() -> None:
        shutil.rmtree(area())

    with pytest.raises(Conflict, match=r"was deleted by somebody else .* run the same command"):
        ingest(graph, model, OPTIONS, "one", Path("none"), at(stage, delete))
    take_in(graph, model, "one")
    assert exported(graph) == whole
    assert files() == []


def test_a_bundle_deleted_once_it_is_loaded_is_no_error(graph: Graph, tmp_path: Path) -> None:
    def delete() -> None:
        shutil.rmtree(area())

    ingest(graph, model_of(tmp_path, 1), OPTIONS, "one", Path("x"), at("rating", delete))
    assert graph.read("MATCH (s:Source) RETURN s.state AS s") == [{"s": "live"}]


KILLED = """
import os, sys
from pathlib import Path
from hartonomous.extract.extraction import ExtractOptions, open_model
from hartonomous.extract.importer_protocol import OpenOptions
from hartonomous.extract.search.nearest_neighbours import NeighbourOptions
from hartonomous.operations.ingestion import ingest
from hartonomous.graph.driver import Address, Graph
def note(stage, done, total):
    if stage == sys.argv[2]: os.kill(os.getpid(), 9)
with Graph(Address(os.environ["URI"], "neo4j", os.environ["PASSWORD"])) as graph:
    ingest(graph, open_model(sys.argv[1], OpenOptions()), ExtractOptions(NeighbourOptions(k=5)),
           "one", Path("none"), note)
"""


def killed_at(address: ServerAddress, model: Path, stage: str) -> None:
    subprocess.run(
        [sys.executable, "-c", KILLED, str(model), stage],
        env={**os.environ, "URI": address.uri, "PASSWORD": address.password},
        check=False,
    )


def test_what_a_killed_ingest_left_is_used_or_removed(
    graph: Graph, server: ServerAddress, tmp_path: Path
) -> None:
    model = model_of(tmp_path, 1)
    path = tmp_path / "model-1" / "vectors.npz"
    killed_at(server, path, "compositions")
    (place,) = waiting_bundles()
    assert place.user() is None and place.path.is_dir()
    made = (place.path / "manifest.json").stat().st_ino
    inodes = list[int]()

    def look() -> None:
        inodes.append((place.path / "manifest.json").stat().st_ino)

    ingest(graph, model, OPTIONS, "one", Path("none"), at("compositions", look))
    assert inodes == [made]
    assert files() == []
    # Cut short while it was live and unrated, then rated by another command.
    wipe(graph)
    killed_at(server, path, "rating")
    assert not read_state(graph)["settled"]
    rate(graph, silent, False)
    assert read_state(graph)["settled"]
    assert len(waiting_bundles()) == 1
    assert ingest(graph, model, OPTIONS, "one", Path("none"), silent).repeated
    assert files() == []


def test_only_a_bundle_that_nobody_uses_is_removed(graph: Graph, tmp_path: Path) -> None:
    source = describe_source(model_of(tmp_path, 1), OPTIONS)
    with use_bundle(graph, source, "one", "test") as place:
        place.work.mkdir()
        assert discard(place, "test") == os.getpid()
        assert place.work.is_dir()
        assert bundles_in_use() == [(place, os.getpid())]
    assert place.begun and bundles_in_use() == []
    assert discard(place, "test") is None
    assert files() == [] and not place.begun
    assert discard(WaitingBundle(area() / "none", place.key), "test") is None


def test_a_failed_extraction_leaves_no_record(graph: Graph, tmp_path: Path) -> None:
    source = describe_source(model_of(tmp_path, 1), OPTIONS)
    with pytest.raises(KeyError), use_bundle(graph, source, "one", "test"):
        raise KeyError
    assert files() == []


def test_a_bundle_of_an_earlier_version_is_resumed_from(
    graph: Graph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, cache, said = model_of(tmp_path, 1), tmp_path / "cache", list[str]()
    left = extract_cached(model, OPTIONS, cache, silent).path
    stages: list[str] = []

    def note(stage: str, done: int, total: int) -> None:
        stages.append(stage)

    ingest(graph, model, OPTIONS, "one", cache, note, say=said.append)
    assert "embedding" not in stages
    # A process of that version may still read it.
    assert left.is_dir()
    assert str(left) in said[0]
    monkeypatch.setattr(bundle_cache, "ABANDONED", -1.0)
    ingest(graph, model, OPTIONS, "two", cache, note, say=said.append)
    assert "embedding" not in stages
    assert not left.exists()
    assert len(said) == 1


def test_purge_waits_for_ingests_and_tells_of_earlier_bundles(
    graph: Graph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HARTONOMOUS_CACHE", str(tmp_path / "cache"))
    default_home().mkdir()
    (default_home() / "VERSION").write_text("5.26.0\n")
    random_bundle(tmp_path / "cache" / "bundles", 1)
    source = describe_source(model_of(tmp_path, 1), OPTIONS)
    with use_bundle(graph, source, "one", "test") as place:
        place.work.mkdir()
        assert f"in use by process {os.getpid()}" in failed(4, "purge", "--yes")
        assert place.work.is_dir()
    said = run("purge", "--yes").stderr
    assert "is gone" in said and str(tmp_path / "cache" / "bundles") in said
    assert not default_home().exists()
