"""Folders of pictures: what is read, what is left out and counted."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from PIL import Image

from hartonomous.errors import BadInput, NotFound
from hartonomous.pictures.picture_folder import open_folder


def filled(folder: Path, *names: str) -> Path:
    for number, name in enumerate(names):
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (3, 2), (80 * number, 0, 0)).save(file)
    return folder


def test_pictures_are_read_in_the_order_of_their_names(tmp_path: Path) -> None:
    folder = open_folder(filled(tmp_path, "b.png", "a/z.JPG", "a/b/c.gif"))
    assert folder.names == ("a/b/c.gif", "a/z.JPG", "b.png")
    found = list(folder.pictures(0, 3, Counter()))
    assert [one.name for one in found] == list(folder.names)
    assert len({one.key for one in found}) == 3
    assert folder.pieces(2) == [(0, 2), (2, 3)]


def test_what_is_no_picture_is_left_out_and_counted(tmp_path: Path) -> None:
    filled(tmp_path / "in", "a.png", "b.png", ".hidden.png", ".git/x.png", "skipped/c.png")
    (tmp_path / "in" / "notes.txt").write_text("hello")
    (tmp_path / "in" / "folder.png").mkdir()
    outside = filled(tmp_path / "out", "secret.png") / "secret.png"
    (tmp_path / "in" / "link.png").symlink_to(outside)
    (tmp_path / "in" / "gone.png").symlink_to(tmp_path / "in" / "nothing.png")
    folder = open_folder(tmp_path / "in", ["skipped/*"])
    assert folder.names == ("a.png", "b.png")
    assert dict(folder.excluded) == {
        "files of another kind": 2,
        "files that --exclude names": 1,
        "links that lead elsewhere": 1,
    }


def test_unreadable_pictures_are_counted_and_the_first_is_named(tmp_path: Path) -> None:
    filled(tmp_path, "a.png", "c.png")
    Image.effect_noise((60, 60), 50).save(tmp_path / "b.png")
    whole = (tmp_path / "b.png").read_bytes()
    (tmp_path / "b.png").write_bytes(whole[:900])
    folder, excluded = open_folder(tmp_path), Counter()
    assert [one.name for one in folder.pictures(0, 3, excluded)] == ["a.png", "c.png"]
    assert excluded == {"unreadable pictures": 1}
    folder.refuse_unreadable()
    for name in ("a.png", "c.png"):
        (tmp_path / name).unlink()
    with pytest.raises(BadInput, match=r"No picture in .* can be read: .*b\.png is damaged"):
        open_folder(tmp_path).refuse_unreadable()


def test_a_single_file_and_a_limit(tmp_path: Path) -> None:
    filled(tmp_path, "a.png", "b.png", "c.png")
    assert open_folder(tmp_path / "b.png").names == ("b.png",)
    assert open_folder(tmp_path, limit=2).names == ("a.png", "b.png")


def test_the_digest_follows_names_and_contents(tmp_path: Path) -> None:
    filled(tmp_path, "a.png", "b.png")
    first = open_folder(tmp_path).digest
    assert open_folder(tmp_path).digest == first
    (tmp_path / "b.png").rename(tmp_path / "c.png")
    renamed = open_folder(tmp_path).digest
    Image.new("RGB", (3, 2), (9, 9, 9)).save(tmp_path / "c.png")
    assert len({first, renamed, open_folder(tmp_path).digest}) == 3


def test_nothing_to_read_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="nothing at"):
        open_folder(tmp_path / "missing")
    with pytest.raises(BadInput, match="holds no picture"):
        open_folder(tmp_path)
