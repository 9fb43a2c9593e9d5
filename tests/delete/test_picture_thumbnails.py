"""Thumbnails: made by an ingest, kept as long as their picture can be in the graph, and no longer."""

from __future__ import annotations

import zipfile
from pathlib import Path

from PIL import Image

from hartonomous.delete.picture_thumbnails import SIDE, drop_unheld, thumbnail
from hartonomous.delete.selectors import Selectors
from hartonomous.delete.undo import expire, undo
from hartonomous.erase.compaction import find_bytes
from hartonomous.extract.extraction import ExtractOptions
from hartonomous.graph.driver import Graph
from hartonomous.graph.writer_lock import WriterLock
from hartonomous.operations.ingestion import ingest
from hartonomous.pictures.picture_files import picture_key
from hartonomous.server.home import default_home
from hartonomous.versions.backup import back_up
from tests.building import put_in, silent, take_out
from tests.canaries import holding, wipe_out
from tests.drawn_pictures import drawn
from tests.made_pictures import two
from tests.seen_pictures import look, seen, stored

BALL, BOX, TENT = (
    drawn("round", "red", side=300),
    drawn("square", "blue"),
    drawn("triangle", "green"),
)
KEYS = [picture_key(one) for one in (BALL, BOX, TENT)]
FOUND = {
    "ball.png": [("ball", 0.9, (75, 75, 225, 225))],
    "box.png": [("box", 0.8, (16, 16, 48, 48))],
}


def filled(graph: Graph, folder: Path, cache: Path) -> None:
    """Let one source see a ball and a box, another the box and a tent."""
    look(graph, stored(folder / "one", {"ball.png": BALL, "box.png": BOX}), FOUND, "one", cache)
    look(graph, stored(folder / "two", {"x/box.png": BOX, "tent.png": TENT}), {}, "two", cache)


def kept(graph: Graph) -> list[bool]:
    return [thumbnail(graph, key) is not None for key in KEYS]


def test_an_ingest_keeps_a_small_copy_of_each_picture(graph: Graph, tmp_path: Path) -> None:
    filled(graph, tmp_path, tmp_path / "cache")
    assert kept(graph) == [True, True, True]
    file = thumbnail(graph, KEYS[0])
    assert file is not None and file.is_relative_to(default_home())
    with Image.open(file) as small:
        assert max(small.size) == SIDE
        assert small.getpixel((64, 64))[0] > 200 > 60 > small.getpixel((64, 64))[2]
    assert find_bytes(default_home(), [KEYS[0]]) == [(file, KEYS[0])]
    assert thumbnail(graph, "../../password") is None


def test_an_ingest_repeated_makes_lost_ones_again(graph: Graph, tmp_path: Path) -> None:
    filled(graph, tmp_path, tmp_path / "cache")
    file = thumbnail(graph, KEYS[0])
    assert file is not None
    file.unlink()
    report = look(graph, tmp_path / "one", FOUND, "one", tmp_path / "cache")
    assert report.repeated and kept(graph) == [True, True, True]


def test_a_bundle_without_pictures_has_none(graph: Graph, tmp_path: Path) -> None:
    put_in(graph, two(tmp_path)[0], "one")
    assert not (default_home() / "thumbnails").exists()
    assert drop_unheld(graph) == 0


def test_a_deletion_keeps_them_until_it_cannot_be_undone(graph: Graph, tmp_path: Path) -> None:
    filled(graph, tmp_path, tmp_path / "cache")
    deletion = take_out(graph, Selectors(sources=("one",)))
    assert drop_unheld(graph) == 0 and kept(graph) == [True, True, True]
    with WriterLock(graph, "test") as lock:
        undo(graph, lock, deletion, silent)
    assert kept(graph) == [True, True, True]
    take_out(graph, Selectors(sources=("one",)), days=0)
    with WriterLock(graph, "test") as lock:
        assert expire(graph, lock) == 1
    # The box is the other source's too.
    assert kept(graph) == [False, True, True]


def test_an_erasure_removes_them_with_their_bytes(graph: Graph, tmp_path: Path) -> None:
    filled(graph, tmp_path, tmp_path / "cache")
    take_out(graph, Selectors(sources=("one",)))
    wipe_out(graph, Selectors(sources=("one",)))
    assert kept(graph) == [False, True, True]
    assert holding(graph, KEYS[0]) == []
    # What shows a tent: the pictures go with the word.
    look(graph, tmp_path / "two", {"tent.png": [("tent", 1.0, (9, 9, 30, 30))]}, "again", tmp_path)
    wipe_out(graph, Selectors(concepts=("tent",), depicting=True))
    assert kept(graph) == [False, True, False]
    assert holding(graph, KEYS[2]) == []


def test_a_new_version_lets_go_of_what_it_no_longer_shows(graph: Graph, tmp_path: Path) -> None:
    folder = stored(tmp_path / "one", {"ball.png": BALL, "box.png": BOX})
    look(graph, folder, FOUND, "one", tmp_path / "cache")
    (folder / "ball.png").unlink()
    view = seen(folder, FOUND, "one")
    ingest(graph, view, ExtractOptions(), "one", tmp_path / "cache", silent, replace=True)
    assert kept(graph) == [False, True, False]


def test_a_backup_has_none(graph: Graph, tmp_path: Path) -> None:
    filled(graph, tmp_path, tmp_path / "cache")
    with WriterLock(graph, "test") as lock:
        back_up(graph, lock, tmp_path / "graph.backup", silent)
    with zipfile.ZipFile(tmp_path / "graph.backup") as packed:
        assert packed.namelist()
        assert not [name for name in packed.namelist() if "thumb" in name or name.endswith(".jpg")]
        assert not [name for name in packed.namelist() if b"\xff\xd8\xff\xe0" in packed.read(name)]
