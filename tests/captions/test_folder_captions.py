"""Captions are found wherever people write them, and belong to one picture or to none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from hartonomous.errors import BadInput
from hartonomous.pictures.picture_folder import open_folder
from importers.captions.caption_records import read_records
from importers.captions.folder_captions import LONGEST, folder_captions


def pictures(folder: Path, *names: str) -> Path:
    for at, name in enumerate(names):
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 8), (at * 20 % 256, 0, 0)).save(file)
    return folder


def captions(folder: Path, *files: Path) -> dict[str, tuple[str, ...]]:
    return folder_captions(open_folder(folder), files).texts


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("captions.json", json.dumps([{"file_name": "a.png", "caption": "a dog"}])),
        ("captions.json", json.dumps({"a.png": ["a dog"]})),
        ("captions.json", json.dumps({"data": [{"image": "a.png", "text": "a dog"}]})),
        (
            "captions.json",
            json.dumps(
                {
                    "images": [{"id": 4, "file_name": "a.png"}],
                    "annotations": [{"image_id": 4, "caption": "a dog"}],
                }
            ),
        ),
        ("captions.jsonl", '{"file": "a.png", "captions": ["a dog"]}\n\n'),
        ("captions.csv", 'File,Caption\na.png,"a dog"\n'),
        ("captions.tsv", "filename\talt\na.png\ta dog\n"),
        ("results.csv", "image| caption\na.png| a dog\n"),
        ("a.txt", "a dog\n"),
        ("page.html", "<figure><img src='a.png'><figcaption>a <b>dog</b></figcaption></figure>"),
        ("page.html", "<p><img src='a.png' alt='a dog'>"),
    ],
)
def test_each_way_of_writing_a_caption_is_read(tmp_path: Path, name: str, text: str) -> None:
    pictures(tmp_path, "a.png")
    (tmp_path / name).write_text(text, "utf-8")
    assert captions(tmp_path) == {"a.png": ("a dog",)}


def test_a_name_is_a_caption_where_nothing_else_is(tmp_path: Path) -> None:
    pictures(tmp_path, "white_car-2.png", "IMG_0041.png", "0f3a99be12.png", "DSC00017.png")
    found = folder_captions(open_folder(tmp_path))
    assert found.texts == {"white_car-2.png": ("white car",)}
    assert found.excluded["pictures without a caption"] == 3


def test_captions_of_one_picture_are_all_kept_in_order(tmp_path: Path) -> None:
    pictures(tmp_path, "a.png")
    (tmp_path / "c.csv").write_text("file,caption\na.png,a dog\na.png,a cat\na.png,a dog\n")
    assert captions(tmp_path) == {"a.png": ("a dog", "a cat")}


def test_a_caption_belongs_to_the_only_file_of_its_name(tmp_path: Path) -> None:
    pictures(tmp_path, "x/a.png", "y/a.png", "y/b.png")
    (tmp_path / "c.csv").write_text(
        "file,caption\ny/a.png,one\na.png,which\nsomewhere/b.jpg,two\nnone.png,nobody\n"
    )
    found = folder_captions(open_folder(tmp_path))
    assert found.texts["y/a.png"] == ("one",)
    assert found.texts["y/b.png"] == ("two",)
    assert "x/a.png" not in found.texts
    assert found.excluded["captions without a file"] == 2


def test_a_page_in_a_folder_names_pictures_beside_it(tmp_path: Path) -> None:
    pictures(tmp_path, "site/my pictures/dog one.png")
    (tmp_path / "site" / "index.html").write_text(
        "<img src='my%20pictures/dog%20one.png' alt='Rex'><img src='data:image/png;base64,AA' alt='no'>"
    )
    assert captions(tmp_path)["site/my pictures/dog one.png"] == ("Rex",)


def test_a_long_caption_is_cut_and_counted(tmp_path: Path) -> None:
    pictures(tmp_path, "a.png")
    (tmp_path / "a.txt").write_text("word " * 2_000_000)
    found = folder_captions(open_folder(tmp_path))
    assert len(found.texts["a.png"][0]) == LONGEST - 1
    assert found.excluded["captions cut to 1,000 characters"] == 1


def test_scripts_and_forms_of_unicode_meet(tmp_path: Path) -> None:
    pictures(tmp_path, "caf\u00e9.png")
    (tmp_path / "c.json").write_text(json.dumps({"cafe\u0301.png": "白い車"}), "utf-8")
    assert captions(tmp_path) == {"caf\u00e9.png": ("白い車",)}


def test_given_files_are_read_alone_and_must_be_captions(tmp_path: Path) -> None:
    folder = pictures(tmp_path / "p", "a.png")
    (folder / "a.txt").write_text("beside")
    given = tmp_path / "c.csv"
    given.write_text("file,caption\na.png,given\n")
    assert captions(folder, given) == {"a.png": ("given",)}
    given.write_text("x,y\n1,2\n")
    with pytest.raises(BadInput, match="has no captions: a record has one of file_name"):
        captions(folder, given)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("c.json", '{"a": ', "not valid JSON"),
        ("c.jsonl", '{"file": "a.png", "caption": "x"}\n{', "line 2 is not valid JSON"),
        ("c.csv", "file,caption\na.png,a, dog\n", "line 2: there are more cells than columns"),
    ],
)
def test_a_damaged_file_is_named(tmp_path: Path, name: str, text: str, message: str) -> None:
    file = tmp_path / name
    file.write_text(text)
    with pytest.raises(BadInput, match=message):
        read_records(file)
