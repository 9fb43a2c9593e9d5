"""Every sentence of a document has the file and the page on which it begins."""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pypdf
import pytest

from hartonomous.extract.place_list import PlaceList
from hartonomous.held_places import MOST, check_places
from importers.documents.document_formats import read_document
from importers.documents.sentence_sequence import (
    MORE_PLACES,
    FoundFiles,
    Reading,
    find_documents,
    read_documents,
)
from importers.documents.visible_text import letters
from tests.document_files import write_drawn, write_pdf


def places(found: Reading) -> dict[str, list[str]]:
    """Return the places of each sentence, checked as at the bundle's door."""
    sentences = list(found.sentences)
    table = found.places.table(np.arange(len(sentences)))
    check_places(table, len(sentences))
    held: dict[str, list[str]] = defaultdict(list)
    for row in table.to_pylist():
        held[sentences[row["composition"]]].append(row["place"])
    return dict(held)


def of(file: Path) -> dict[str, list[str]]:
    return places(read_documents(file, FoundFiles([file])))


def test_a_sentence_stands_on_the_page_on_which_it_begins(tmp_path: Path) -> None:
    pages = [
        ["Harbour rules", "The harbour of@ce opens at", "1"],
        ["Harbour rules", "nine and closes at five. Boats never", "2"],
        [],
        ["Harbour rules", "leave before ten. They sail well-", "known seas."],
        ["Harbour rules", "Number 12 is near. The sea is be-", "hind the quay."],
    ]
    found = of(write_pdf(tmp_path / "a rules.pdf", pages, {"@": "\ufb01"}))
    assert found == {
        "The harbour office opens at nine and closes at five.": ["a rules.pdf#page=1"],
        "Boats never leave before ten.": ["a rules.pdf#page=2"],
        "They sail well-known seas.": ["a rules.pdf#page=4"],
        "Number 12 is near.": ["a rules.pdf#page=5"],
        "The sea is behind the quay.": ["a rules.pdf#page=5"],
        "Harbour rules": ["a rules.pdf#page=1"],
    }


def test_every_page_counts_however_its_text_is_joined(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    """Hyphens at line ends, ligatures, columns and heads do not move what comes after them."""
    pages, expected = [], {}
    for page in range(1, 41):
        lines = [f"Head of {page % 3}"]
        for number in range(int(rng.integers(1, 5))):
            last = "".join("abcdefghij"[int(one)] for one in f"{page:02}{number}")
            text = (
                f"Sentence {number} of leaf {page} has a divi-",
                "ded word and a self-",
                f"made end by quay{last}.",
            )
            lines += text
            expected[f"Sentence {number} of leaf {page}"] = page
        pages.append(lines if page % 7 else [])
        if not page % 7:
            expected = {name: at for name, at in expected.items() if at != page}
    found = of(write_pdf(tmp_path / "a.pdf", pages))
    told = {text.partition(" has ")[0]: held for text, held in found.items() if " leaf " in text}
    assert told == {name: [f"a.pdf#page={page}"] for name, page in expected.items()}
    document = read_document(tmp_path / "a.pdf")
    assert sum(map(letters, document.blocks)) >= document.pages[-1][0]


def test_heads_stand_on_their_first_page(tmp_path: Path) -> None:
    pages = [
        f"BT /F1 12 Tf 1 0 0 1 72 800 Tm (Handbook) Tj 1 0 0 1 300 20 Tm (Page {n}) Tj "
        f"1 0 0 1 72 700 Tm ({text}) Tj ET".encode()
        for n, text in ((1, "The office opens at"), (2, "nine. It closes at"), (3, "five."))
    ]
    assert of(write_drawn(tmp_path / "a.pdf", pages)) == {
        "The office opens at nine.": ["a.pdf#page=1"],
        "It closes at five.": ["a.pdf#page=2"],
        "Handbook": ["a.pdf#page=1"],
        "Page 1": ["a.pdf#page=1"],
    }


def test_files_of_a_folder_are_named_within_it(tmp_path: Path) -> None:
    for name in ("b/c d.txt", "a.md", "cafe\u0301.txt", "b/x\ny.txt", "q.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("The office opens at nine.", "utf-8")
    write_pdf(tmp_path / "z.pdf", [["Closed."], ["The office opens at nine."]])
    (tmp_path / "q.csv").write_text("question,answer\nWhen?,The office opens at nine.\n")
    (tmp_path / "zz.txt").write_text("After the pages.")
    found = places(read_documents(tmp_path, find_documents(tmp_path)))
    assert found["The office opens at nine."] == sorted(
        ["a.md", "b/c d.txt", "b/x\\u{a}y.txt", "caf\u00e9.txt", "q.csv", "z.pdf#page=2"]
    )
    assert found["When?"] == ["q.csv"]
    assert found["After the pages."] == ["zz.txt"]


def test_places_beyond_the_most_are_counted(tmp_path: Path) -> None:
    for number in range(MOST + 3):
        (tmp_path / f"{number:02}.txt").write_text("The office opens at nine. And again.")
    reading = read_documents(tmp_path, find_documents(tmp_path))
    assert reading.excluded == Counter({MORE_PLACES: 6})
    assert places(reading)["And again."] == [f"{number:02}.txt" for number in range(MOST)]


def test_a_pdf_that_fails_leaves_no_page_to_the_next_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_pdf(tmp_path / "a.pdf", [["One."], ["Two. Three."]])
    (tmp_path / "b.txt").write_text("Four.")
    assert places(read_documents(tmp_path, find_documents(tmp_path)))["Four."] == ["b.txt"]
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.4 nothing")
    pypdf_made = pypdf.PdfWriter()
    pypdf_made.add_blank_page(100, 100)
    pypdf_made.write(tmp_path / "empty.pdf")
    assert places(read_documents(tmp_path, find_documents(tmp_path))) == {"Four.": ["b.txt"]}


def test_a_list_of_places_keeps_the_first(rng: np.random.Generator) -> None:
    kept = PlaceList()
    assert kept.table(np.arange(3)).num_rows == 0
    for page in range(20):
        kept.add(1, f"{20 - page}.txt")
    kept.add(1, "20.txt")
    kept.add(0, "3.txt")
    table = kept.table(np.array([5, 2]))
    check_places(table, 6)
    assert kept.left_out == 4
    assert table["composition"].to_pylist() == [2] * MOST + [5]
    assert set(table["place"].to_pylist()[:MOST]) == {f"{20 - page}.txt" for page in range(MOST)}
