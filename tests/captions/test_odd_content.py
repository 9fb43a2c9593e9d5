"""Odd content: what people's folders hold besides clean pictures, captions and prose."""

# ruff: noqa: RUF001
from __future__ import annotations

import json
import time
from itertools import pairwise
from pathlib import Path

import pypdf
import pytest
from PIL import Image

from hartonomous.errors import BadInput
from hartonomous.extract.importer_protocol import OpenedModel
from hartonomous.operations.observation import request_observation
from importers.captions.caption_words import content_words
from importers.documents import document_importer, sentence_sequence
from importers.documents.document_formats import read_document
from tests.document_files import write_drawn, write_pdf

HARBOUR = "The harbour pilot steers ships."


def observed(path: Path, **given: bool) -> OpenedModel:
    return request_observation(path, **given).opened


def blocks(file: Path, text: str) -> list[str]:
    file.write_text(text, "utf-8")
    return [" ".join(block.split()) for block in read_document(file).blocks if block.strip()]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.txt", "Harbour pilots\n--------------\nShips wait outside."),
        ("a.md", "# Harbour pilots\nShips wait outside."),
        ("a.html", "<h1>Harbour pilots</h1>Ships wait outside."),
    ],
)
def test_a_heading_is_apart_from_its_first_sentence(tmp_path: Path, name: str, text: str) -> None:
    assert blocks(tmp_path / name, text) == ["Harbour pilots", "Ships wait outside."]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.txt", "Bring\n- a rope\n- a lamp"),
        ("a.txt", "Bring\n1. a rope\n2) a lamp"),
        ("a.txt", "Bring\n|a rope|a lamp|\n|------|------|"),
        ("a.txt", "Bring\na rope\ta lamp\n1\t2"),
        ("a.md", "Bring\n- a rope\n- a lamp"),
        ("a.md", "Bring\n\n|a rope|a lamp|\n|------|------|"),
        ("a.html", "Bring<ul><li>a rope<li>a lamp</ul>"),
        ("a.html", "Bring<table><tr><td>a rope<td>a lamp</table>"),
    ],
)
def test_items_and_cells_are_apart(tmp_path: Path, name: str, text: str) -> None:
    found = [one.lstrip("-12.) ") for one in blocks(tmp_path / name, text)]
    assert [one for one in found if one] == ["Bring", "a rope", "a lamp"]


def test_prose_with_a_dash_or_a_number_at_a_line_is_whole(tmp_path: Path) -> None:
    for text in ("Ships wait\n- and wait - outside.", "See page\n12. The pilot knows."):
        assert blocks(tmp_path / "a.txt", text) == [" ".join(text.split())]


def test_a_document_that_changes_while_it_is_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.txt").write_text(HARBOUR)
    (tmp_path / "log.txt").write_text(HARBOUR)
    read = sentence_sequence.read_file

    def read_and_written(file: Path, reading: sentence_sequence.Reading) -> None:
        read(file, reading)
        if file.name == "log.txt":
            with file.open("a") as log:
                log.write("\nAnother line.")

    monkeypatch.setattr(sentence_sequence, "read_file", read_and_written)
    with pytest.raises(BadInput, match=r"log\.txt changed while it was read"):
        observed(tmp_path)
    (found,) = request_observation(tmp_path, exclude=["log*"]).opened.files
    assert found.name == "a.txt"


def test_pdfs_without_readable_text_are_left_out_with_the_reason(tmp_path: Path) -> None:
    sound = write_pdf(tmp_path / "sound.pdf", [[HARBOUR]])
    writer = pypdf.PdfWriter(clone_from=sound)
    writer.encrypt("secret", algorithm="AES-256")
    writer.write(tmp_path / "locked.pdf")
    scan = b"q 612 0 0 792 0 0 cm BI /W 1 /H 1 /CS /G /BPC 8 /F /AHx ID 7f> EI Q"
    write_drawn(tmp_path / "scan.pdf", [scan])
    opened = observed(tmp_path)
    assert [one.name for one in opened.files] == ["sound.pdf"]
    reasons = {one.name: one.reason for one in opened.unread}
    assert "needs a password" in reasons["locked.pdf"]
    assert "likely scanned" in reasons["scan.pdf"]
    for name in ("locked.pdf", "scan.pdf"):
        with pytest.raises(BadInput):
            observed(tmp_path / name)


def test_a_text_layer_that_names_no_letters_is_not_guessed(tmp_path: Path) -> None:
    wrong = {chr(code): chr(0xE000 + code) for code in range(ord("a"), ord("z") + 1)}
    write_pdf(tmp_path / "a.pdf", [["harbour pilot harbour pilot"]], wrong)
    with pytest.raises(BadInput, match="holds no word"):
        observed(tmp_path / "a.pdf")


def test_ten_megabytes_of_captions_are_read_in_time(tmp_path: Path) -> None:
    names = [f"{at}.png" for at in range(4)]
    for at, name in enumerate(names):
        Image.new("RGB", (8, 8), (40 * at, 0, 0)).save(tmp_path / name)
    records = [
        {"file": f"{at % 9}.png", "caption": f"harbour number{at} with a pilot and many ships"}
        for at in range(120_000)
    ]
    (tmp_path / "captions.json").write_text(json.dumps(records))
    assert (tmp_path / "captions.json").stat().st_size > 9_000_000
    began = time.process_time()
    opened = observed(tmp_path)
    assert time.process_time() - began < 60
    excluded = opened.vocabulary.excluded
    assert excluded["captions without a file"] == sum(at % 9 > 3 for at in range(120_000))


@pytest.mark.parametrize(
    ("caption", "words"),
    [
        ("Ein roter Ball und das blaue Haus stehen am Hafen", {"roter", "ball", "haus", "hafen"}),
        ("Красный мяч лежит на берегу у старой гавани", {"красный", "мяч", "берегу", "гавани"}),
        ("一只红色的球在港口", {"红色", "港口"}),
        ("قارب أحمر في الميناء القديم عند الغروب", {"قارب", "أحمر"}),
        ("लाल गेंद पुराने बंदरगाह के किनारे पड़ी है", {"लाल", "गेंद"}),
        ("เรือสีแดงจอดที่ท่าเรือ", {"เรือ"}),
        ("a red ball 🎈 at the harbour", {"red", "ball", "harbour"}),
    ],
)
def test_captions_of_many_scripts_have_their_words(caption: str, words: set[str]) -> None:
    assert words <= set(content_words(caption))


def test_a_repeated_sentence_is_counted_once_over_all_files(tmp_path: Path) -> None:
    for at in range(5):
        (tmp_path / f"{at}.txt").write_text(f"{HARBOUR}\n\nThe pilot number {at} left.")
    opened = observed(tmp_path)
    assert opened.vocabulary.merged >= 4
    assert opened.importer == document_importer.Documents.name
    assert all(one != other for one, other in pairwise(opened.vocabulary.compositions["text"]))
