"""What any file of a model must pass before it is read."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from hartonomous.errors import BadInput
from hartonomous.extract.files import untrusted_files
from hartonomous.extract.files.untrusted_files import (
    inside,
    is_pickle,
    parse_json,
    read_json,
    shown,
)


@pytest.mark.parametrize(
    ("name", "begin", "pickled"),
    [
        ("m.pt", b"", True),
        ("m.PTH", b"PK\x03\x04", True),
        ("m.keras", b"PK\x03\x04", True),
        ("m.h5", b"\x89HDF\r\n", True),
        ("m.joblib", b"x", True),
        ("pytorch_model.bin", b"c__builtin__\neval\n", True),
        ("pytorch_model-00001-of-00002.bin", b"", True),
        ("other.bin", b"PK\x03\x04", True),
        ("other.bin", pickle.dumps([1]), True),
        ("vectors.kv", pickle.dumps([1], protocol=2), True),
        ("vectors.bin", b"3 4\nking ", False),
        ("matrix.npz", b"PK\x03\x04", False),
        ("words.txt", b"king 1 2", False),
        ("empty.bin", b"", False),
    ],
)
def test_pickles_are_told_by_name_and_first_bytes(
    tmp_path: Path, name: str, begin: bytes, pickled: bool
) -> None:
    (tmp_path / name).write_bytes(begin)
    assert is_pickle(tmp_path / name) is pickled


def test_only_files_of_the_folder_are_read(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("{}")
    folder = tmp_path / "model"
    (folder / "sub").mkdir(parents=True)
    (folder / "inner").write_text("{}")
    (folder / "link").symlink_to(folder / "inner")
    (folder / "out").symlink_to(tmp_path / "secret")
    (folder / "up").symlink_to(tmp_path)
    assert inside(folder, "link").read_text() == "{}"
    for name in ("out", "../secret", "up/secret", str(tmp_path / "secret")):
        with pytest.raises(BadInput, match="leads out"):
            inside(folder, name)
    for name in ("none", "sub", "", "..", "a\0b", "\ud800", "a" * 5_000):
        with pytest.raises(BadInput, match="lacks"):
            inside(folder, name)


def test_a_hub_cache_links_to_its_own_blobs_only(tmp_path: Path) -> None:
    repository = tmp_path / "models--org--name"
    snapshot = repository / "snapshots" / "abc"
    snapshot.mkdir(parents=True)
    for place in (repository / "blobs", repository / "refs"):
        place.mkdir()
        (place / "file").write_text("{}")
    (snapshot / "good").symlink_to("../../blobs/file")
    (snapshot / "bad").symlink_to("../../refs/file")
    assert inside(snapshot, "good").is_file()
    with pytest.raises(BadInput, match="leads out"):
        inside(snapshot, "bad")
    # A folder that only calls itself a snapshot gets no such leave.
    other = tmp_path / "home" / "snapshots" / "abc"
    other.mkdir(parents=True)
    (tmp_path / "home" / "blobs").mkdir()
    (tmp_path / "home" / "blobs" / "file").write_text("{}")
    (other / "link").symlink_to("../../blobs/file")
    with pytest.raises(BadInput, match="leads out"):
        inside(other, "link")


def test_json_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert parse_json(b'{"a": [1, 2]}') == {"a": [1, 2]}
    for text in (b'{"a": 1, "a": 2}', b'{"a": {"b": 1, "b": 1}}', b"{", b"\xff\xff"):
        with pytest.raises(ValueError):
            parse_json(text)
    monkeypatch.setattr(untrusted_files, "MOST_VALUES", 3)
    with pytest.raises(ValueError, match="more than 3 values"):
        parse_json(b"[[],[],[]]")
    monkeypatch.setattr(untrusted_files, "JSON_LIMIT", 4)
    (tmp_path / "long.json").write_text("[1, 2]")
    with pytest.raises(BadInput, match="larger than"):
        read_json(tmp_path / "long.json")


def test_names_from_files_do_nothing_to_a_terminal() -> None:
    for name in ("\x1b[2J", "a\ud800", "x\r\ny", "\u202eevil", "\udcff"):
        assert shown(name).isprintable()
        assert shown(name).isascii()
    assert len(shown("x" * 10_000_000)) < 70
