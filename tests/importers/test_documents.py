"""Documents and questions: what is read of each kind, what is refused, what the encoder makes of it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pypdf
import pytest

from hartonomous.bundle_scan import scan
from hartonomous.errors import BadInput, NotFound, UsageError
from hartonomous.extract.extraction import ExtractOptions, extract, open_model
from hartonomous.extract.importer_protocol import OpenedModel, OpenOptions
from hartonomous.extract.search.nearest_neighbours import NeighbourOptions
from importers.documents import document_files, document_importer, sentence_sequence, web_pages
from importers.documents.document_formats import read_document
from importers.documents.question_files import read_questions
from importers.documents.sentence_sequence import FoundFiles, Reading, read_documents
from importers.transformers.sentence_encoders import SentenceEncoder, open_encoder
from tests.building import silent
from tests.document_files import DOCUMENTS, write_pdf
from tests.models import GLOVE, MINILM
from tests.tiny_transformers import tiny_encoder

CARD = "I lost my library card."


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_encoder(tmp_path_factory.mktemp("encoder"))


def reading(file: Path) -> Reading:
    return read_documents(file, FoundFiles([file]))


def answered(found: Reading) -> dict[tuple[str, str], int]:
    texts = list(found.sentences)
    return {(texts[q], texts[a]): times for (q, a), times in found.answers.items()}


def opened(path: Path, encoder: Path, **options: Any) -> OpenedModel:
    return open_model(str(path), OpenOptions(encoder=encoder, **options))


def test_markdown_is_read_by_its_blocks(tmp_path: Path) -> None:
    found = reading(DOCUMENTS / "faq.md")
    texts = list(found.sentences)
    assert texts[:3] == [
        "Harbour Library: frequently asked questions",
        "How do I renew a book?",
        "Sign in to your account and press Renew beside the title.",
    ]
    pairs = answered(found)
    assert len(pairs) == 10
    # The sentence before a question and the question itself stand in one heading.
    assert CARD in texts
    asked = ("What should I do?", "Report the missing card at the desk or by telephone, so that "
             "nobody else can use it.")  # fmt: skip
    assert pairs[asked] == 1
    file = tmp_path / "more.md"
    file.write_text(
        "---\ntitle: unread\n---\nSome *words* in `code` and\nan ![image](a.png) here.\n\n"
        "```\nunread = 1\n```\n\n| Head | Other |\n| --- | --- |\n| Cell one. | Cell two. |\n"
    )
    assert list(reading(file).sentences) == [
        "Some words in code and an image here.", "Head", "Other", "Cell one.", "Cell two.",
    ]  # fmt: skip


def test_html_is_read_without_scripts_and_across_inline_tags() -> None:
    found = reading(DOCUMENTS / "rooms.html")
    assert (
        "Rooms for up to eight people are booked online, at most two weeks ahead."
        in found.sentences
    )
    assert not any("Is this read" in text for text in found.sentences)
    assert {question for question, _ in answered(found)} == {
        "How do I book a meeting room?",
        "Are there activities for children?",
        "Do you offer computer courses for beginners?",
    }


def test_html_is_decoded_as_it_declares(tmp_path: Path) -> None:
    page = '<meta charset="iso-8859-1"><p>Caf\u00e9 im Erdgescho\u00df.</p>'
    (tmp_path / "a.html").write_bytes(page.encode("iso-8859-1"))
    assert list(reading(tmp_path / "a.html").sentences) == ["Café im Erdgeschoß."]
    (tmp_path / "b.html").write_bytes(page.replace("iso-8859-1", "utf-8").encode("iso-8859-1"))
    with pytest.raises(BadInput, match=r"line 1, byte .* is not UTF-8"):
        read_document(tmp_path / "b.html")
    (tmp_path / "c.html").write_bytes(b'<meta charset="no-such"><p>A.</p>')
    with pytest.raises(BadInput, match="'no-such', which is unknown"):
        read_document(tmp_path / "c.html")


def test_pdf_pages_are_read(tmp_path: Path) -> None:
    pages = [
        ["How do I renew a book?", "Press Renew beside the ti-", "tle."],
        ["Page two says more."],
    ]
    found = reading(write_pdf(tmp_path / "a.pdf", pages))
    assert list(found.sentences) == [
        "How do I renew a book?", "Press Renew beside the title.", "Page two says more.",
    ]  # fmt: skip
    assert len(answered(found)) == 1


def test_pdfs_that_cannot_be_read_say_why(tmp_path: Path) -> None:
    sound = write_pdf(tmp_path / "a.pdf", [["A sentence."]])
    writer = pypdf.PdfWriter(clone_from=sound)
    writer.encrypt("secret", algorithm="AES-256")
    writer.write(tmp_path / "locked.pdf")
    with pytest.raises(BadInput, match="needs a password"):
        read_document(tmp_path / "locked.pdf")
    with pytest.raises(BadInput, match="no text on its 2 pages, so it is likely scanned"):
        read_document(write_pdf(tmp_path / "scanned.pdf", [[], []]))
    for name, damage in {"cut": sound.read_bytes()[:200], "other": b"no PDF at all"}.items():
        (tmp_path / f"{name}.pdf").write_bytes(damage)
        with pytest.raises(BadInput, match="cannot be read as a PDF"):
            read_document(tmp_path / f"{name}.pdf")


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("Good.\nCaf\u00e9.".encode("latin-1"), "line 2, byte 9: 0xe9 is not UTF-8"),
        ("Hello.".encode("utf-16-le"), "line 1: there is a NUL"),
        (b"One.\nTwo\0.", "line 2: there is a NUL"),
    ],
)
def test_text_of_another_encoding_is_refused_with_the_place(
    tmp_path: Path, content: bytes, fault: str
) -> None:
    (tmp_path / "a.txt").write_bytes(content)
    with pytest.raises(BadInput, match=fault):
        read_document(tmp_path / "a.txt")


@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.html", "a.pdf", "a.json", "a.csv"])
def test_a_document_of_a_gigabyte_is_refused_with_the_figure(tmp_path: Path, name: str) -> None:
    with (tmp_path / name).open("wb") as file:
        os.truncate(file.fileno(), 1 << 30)
    with pytest.raises(BadInput, match="has 1,074 MB"):
        reading(tmp_path / name)


def test_many_documents_are_bounded_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encoder: Path
) -> None:
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text("One sentence.")
    monkeypatch.setattr(sentence_sequence, "MOST_BYTES", 20)
    with pytest.raises(BadInput, match="ingest its folders one by one"):
        opened(tmp_path, encoder)
    monkeypatch.setattr(sentence_sequence, "LARGEST", 12)
    (tmp_path / "b.txt").write_text("Short.")
    assert opened(tmp_path, encoder).files
    monkeypatch.undo()
    monkeypatch.setattr(document_importer, "MEMORY_SHARE", 1e-12)
    with pytest.raises(BadInput, match="GB of memory are free"):
        opened(tmp_path, encoder)


def test_html_with_too_many_tags_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web_pages, "MOST_TAGS", 3)
    (tmp_path / "a.html").write_text("<b>" * 4)
    with pytest.raises(BadInput, match="4 tags"):
        read_document(tmp_path / "a.html")


def test_sentences_are_kept_once_and_exclusions_counted(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text(
        "A  sentence\nhere. A sentence here.\n\n12 34 56.\n\nA\u202e\x07 bell rings.\n\n"
        "\uf0b7 A bullet.\n\nThe \ue062nancial report.\n\nCafe\u0301 opens."
    )
    found = reading(file)
    assert list(found.sentences) == [
        "A sentence here.", "A bell rings.", "A bullet.", "Café opens.",
    ]  # fmt: skip
    assert found.merged == 1
    assert found.excluded == {"without letters": 1, "characters of private use": 1}


def test_reading_order_pairs_a_question_with_the_sentence_after_it(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text(
        "Why? Who is it? It is me. And you.\n\nAnd what then?\n\nNothing.\n\nNo answer?"
    )
    assert answered(reading(file)) == {
        ("Who is it?", "It is me."): 1, ("And what then?", "Nothing."): 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.json", '[{"question": "Who?", "answer": "Me."}]'),
        ("a.json", '{"version": 2, "faq": [{"Question": "Who?", "Answer": "Me."}]}'),
        ("a.json", '[{"question": "Who?", "answers": {"text": ["Me."], "answer_start": [0]}}]'),
        ("a.jsonl", '{"question": "Who?", "answers": [{"text": "Me."}]}\n\n'),
        ("a.csv", "Id,Answer,Question\n1,Me.,Who?\n"),
        ("a.csv", 'answer;question\n"Me.";Who?\n'),
        ("a.tsv", "question\tanswer\nWho?\tMe.\n"),
    ],
)
def test_files_of_questions_of_every_shape(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    assert read_questions(tmp_path / name).pairs == [("Who?", "Me.")]


def test_squad_is_read_with_its_contexts() -> None:
    found = read_questions(DOCUMENTS / "history.json")
    assert found.unanswered == 1
    assert len(found.contexts) == 2
    pairs = answered(reading(DOCUMENTS / "history.json"))
    assert pairs["When did the warehouse burn down?", "in 1911"] == 2
    assert len(pairs) == 4


@pytest.mark.parametrize(
    ("name", "text", "fault"),
    [
        ("a.json", '[{"question": "Who?", "answer": "Me."}, {"question": "Who?"}]',
         "record 2: the field 'answer' is missing"),
        ("a.json", '[{"question": "Who?", "answer": " "}]', "record 1: the field 'answer'"),
        ("a.json", '[{"answer": "Me."}]', "record 1: the field 'question'"),
        ("a.json", '[{"question": "Who?", "answers": [{"body": "Me."}]}]', "'answers: text'"),
        ("a.json", '["Who?"]', "record 1: a record with a question"),
        ("a.json", '{"name": "package"}', "not a file of questions"),
        ("a.json", '[{"question": ', "line 1: Expecting value"),
        ("a.json", "[" * 100_000, "not valid JSON"),
        ("a.json", '{"data": [{"paragraphs": [{"qas": []}]}]}',
         "article 1, paragraph 1: the field 'context'"),
        ("a.json", '{"data": [{"paragraphs": [{"context": "C.", "qas": [{"answers": []}]}]}]}',
         "paragraph 1, question 1: the field 'question'"),
        ("a.jsonl", '{"question": "Who?", "answer": "Me."}\n{"question": "Who?"}',
         "line 2: the field 'answer'"),
        ("a.jsonl", '{"question": "Who?", "answer": "Me."}\nno JSON', "line 2: Expecting value"),
        ("a.csv", "question,reply\nWho?,Me.\n", "no column 'answer'; its columns are 'question'"),
        ("a.csv", "question,answer\nWho?,Me.\nWhy?\n", "line 3: the field 'answer'"),
        ("a.csv", 'question,answer\n"Who?,Me.\n', "unexpected end of data"),
        ("a.csv", "", "its columns are none"),
    ],
)  # fmt: skip
def test_a_missing_field_names_file_record_and_field(
    tmp_path: Path, name: str, text: str, fault: str
) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(BadInput, match=f"{name}.*{fault}"):
        read_questions(tmp_path / name)


def test_a_folder_is_one_source_with_what_was_left_out(tmp_path: Path, encoder: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a.txt").write_text("Deep is a sentence.")
    (tmp_path / "b.md").write_text("# A heading")
    (tmp_path / "c.xls").write_text("")
    (tmp_path / ".hidden.txt").write_text("Hidden is this.")
    (tmp_path / "out.txt").symlink_to(DOCUMENTS / "hours.txt")
    (tmp_path / "broken.txt").symlink_to(tmp_path / "missing.txt")
    model = opened(tmp_path, encoder)
    assert [file.name for file in model.files] == ["b.md", "deep/a.txt"]
    assert model.kind == "corpus"
    assert model.vocabulary.excluded == {
        "files of another kind": 1, "hidden files and folders": 1, "links that lead elsewhere": 2,
    }  # fmt: skip
    kinds = model.vocabulary.compositions["kind"].to_pylist()
    texts = model.vocabulary.compositions["text"].to_pylist()
    assert set(zip(kinds, texts, strict=True)) == {
        ("Sentence", "Deep is a sentence."), ("Sentence", "A heading"),
        ("Token", "deep"), ("Token", "sentence"), ("Token", "heading"),
    }  # fmt: skip
    assert opened(tmp_path, encoder, limit=1).vocabulary.excluded["beyond the limit"] == 1


def test_what_is_opened_needs_an_encoder_and_is_no_model(tmp_path: Path, encoder: Path) -> None:
    with pytest.raises(BadInput, match="--encoder"):
        open_model(str(DOCUMENTS), OpenOptions())
    with pytest.raises(UsageError, match="is for documents"):
        open_model(str(MINILM), OpenOptions(encoder=encoder))
    assert not document_importer.IMPORTER.recognises(MINILM)
    assert not document_importer.IMPORTER.recognises(GLOVE.parent)
    (tmp_path / "empty.txt").write_text("\n\n")
    with pytest.raises(BadInput, match="holds no sentence"):
        opened(tmp_path, encoder)
    (tmp_path / "odd.kind").write_text("A sentence.")
    with pytest.raises(BadInput, match="holds no document"):
        open_model(str(tmp_path / "odd.kind"), OpenOptions(encoder=encoder), "documents")
    vectors = tmp_path / "glove.txt"
    vectors.write_text("king 0.1 0.2 0.3\nqueen 0.2 0.1 0.3\n")
    assert not document_importer.IMPORTER.recognises(vectors)


def test_the_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(document_files, "import_module", missing)
    with pytest.raises(UsageError, match=r"hartonomous\[documents,transformers\]"):
        read_document(DOCUMENTS / "faq.md")
    monkeypatch.setattr("importers.transformers.sentence_encoders.import_module", missing)
    with pytest.raises(UsageError, match=r"hartonomous\[documents,transformers\]"):
        open_encoder(MINILM)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"tracks": frozenset({"heads"})}, "they have no heads"),
        ({"samples": 10}, "cannot read or write"),
        ({"support": 3}, "no layers or heads"),
    ],
)
def test_what_only_transformers_have_is_refused(said: dict[str, Any], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        open_model(str(DOCUMENTS), OpenOptions(encoder=MINILM, **said))


def test_encoders_that_are_none_or_bring_code_are_refused(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no encoder's folder"):
        open_encoder(tmp_path / "nowhere")
    with pytest.raises(BadInput, match=r"no modules\.json"):
        open_encoder(tmp_path)
    path = tiny_encoder(tmp_path / "e")
    modules = json.loads((path / "modules.json").read_text())
    for kind in ("os.system", "modeling_evil.Custom", "sentence_transformers.models.Router"):
        (path / "modules.json").write_text(json.dumps([{**modules[0], "type": kind}]))
        with pytest.raises(BadInput, match="no code of a model"):
            open_encoder(path)
    (path / "modules.json").write_text(json.dumps([{**modules[0], "path": "../out"}]))
    with pytest.raises(BadInput, match="leads out"):
        open_encoder(path)
    (path / "modules.json").write_text(json.dumps(modules))
    config = json.loads((path / "config.json").read_text())
    (path / "config.json").write_text(json.dumps({**config, "auto_map": {"AutoModel": "evil.M"}}))
    with pytest.raises(BadInput, match="its own Python code"):
        open_encoder(path)
    (path / "config.json").write_text(json.dumps(config))
    import torch

    torch.save({"weight": torch.zeros(1)}, path / "pytorch_model.bin")
    (path / "model.safetensors").unlink()
    with pytest.raises(BadInput, match="pickle"):
        open_encoder(path)


def test_a_damaged_encoder_is_refused(tmp_path: Path) -> None:
    path = tiny_encoder(tmp_path)
    config = json.loads((path / "config.json").read_text())
    (path / "config.json").write_text(json.dumps({**config, "model_type": "no-such-model"}))
    with pytest.raises(BadInput, match="cannot be opened as a sentence encoder"):
        open_encoder(path)


def test_evidence_is_what_the_encoder_holds_alike(tmp_path: Path, encoder: Path) -> None:
    model = opened(DOCUMENTS, encoder)
    bundle = extract(model, ExtractOptions(NeighbourOptions(k=4)), tmp_path / "b", silent)
    scan(bundle)
    table = bundle.compositions()
    texts = dict(enumerate(table["text"].to_pylist()))
    kinds = dict(enumerate(table["kind"].to_pylist()))
    tracks = {track.evidence: track for track in bundle.tracks}
    assert (tracks["SENTENCE_EVIDENCE"].k, tracks["SENTENCE_EVIDENCE"].trust) == (4, 500)
    vectors = open_encoder(encoder).encode(list(texts.values())).astype(np.float64)
    near = set()
    for row in next(bundle.evidence(tracks["SENTENCE_EVIDENCE"], 10**6)).to_pylist():
        start, end = row["start"], row["end"]
        cosine = min(1.0, max(0.0, float(vectors[start] @ vectors[end])))
        assert row["weight"] == pytest.approx(1e6 * cosine, abs=20)
        assert row["n"] == 1
        if kinds[start] == kinds[end] == "Sentence":
            near.add((start, end))
        else:
            sentence, word = (start, end) if kinds[end] == "Token" else (end, start)
            assert texts[word] in texts[sentence].lower()
    sentences = [row for row, kind in kinds.items() if kind == "Sentence"]
    for row in sentences:
        similar = vectors[sentences] @ vectors[row]
        similar[sentences.index(row)] = -2
        best = sentences[int(np.argmax(similar))]
        fourth = np.sort(similar)[-4]
        assert (min(row, best), max(row, best)) in near or similar.max() - fourth < 1e-5
    for row in next(bundle.evidence(tracks["ANSWER_EVIDENCE"], 10**6)).to_pylist():
        cosine = min(1.0, max(0.0, float(vectors[row["start"]] @ vectors[row["end"]])))
        assert row["weight"] == pytest.approx(1e6 * row["n"] * cosine, abs=20 * row["n"])
        assert texts[row["start"]].endswith("?")
    assert {"is", "the"}.isdisjoint(texts[row] for row, kind in kinds.items() if kind == "Token")


def test_an_interrupted_reading_resumes_behind_the_last_finished_part(
    tmp_path: Path, encoder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(document_importer, "ENCODED", 16)
    options = ExtractOptions(NeighbourOptions(k=2))
    whole = extract(opened(DOCUMENTS, encoder), options, tmp_path / "whole", silent)
    encode, parts = SentenceEncoder.encode, list[int]()

    def killed(self: SentenceEncoder, texts: Any, progress: Any = None) -> Any:
        parts.append(len(texts))
        if len(parts) == 3:
            raise KeyboardInterrupt
        return encode(self, texts, progress)

    monkeypatch.setattr(SentenceEncoder, "encode", killed)
    with pytest.raises(KeyboardInterrupt):
        extract(opened(DOCUMENTS, encoder), options, tmp_path / "b", silent, tmp_path / "work")
    assert not (tmp_path / "b").exists()
    total = len(opened(DOCUMENTS, encoder).vocabulary)
    model = opened(DOCUMENTS, encoder)
    bundle = extract(model, options, tmp_path / "b", silent, tmp_path / "work")
    assert bundle.digest == whole.digest
    # Two parts were kept; the one that was cut short is counted twice.
    assert sum(parts) == total + 16


def test_one_odd_file_does_not_stop_a_folder(tmp_path: Path, encoder: Path) -> None:
    (tmp_path / "a.md").write_text("The office opens at nine.\n\nBoats are moored here.")
    odd = {
        "package.json": b'{"name": "x", "keywords": ["a"]}',
        "list.json": b'["a", "b"]',
        "prices.csv": b"date,fee\n2024,12\n",
        "old.txt": "Caf\u00e9".encode("latin-1"),
        "zero.pdf": b"",
        "deep/page.html": b'<meta charset="no-such">A page.',
    }
    (tmp_path / "deep").mkdir()
    for name, content in odd.items():
        (tmp_path / name).write_bytes(content)
    for name in ("data.pkl", "firmware.bin", "a.docx"):
        (tmp_path / name).write_bytes(b"\x80\x04x")
    (tmp_path / "config.json").write_text('{"site": "x"}')
    model = opened(tmp_path, encoder)
    assert [file.name for file in model.files] == ["a.md"]
    assert {file.name for file in model.unread} == {*odd, "config.json"}
    reasons = {file.name: file.reason for file in model.unread}
    assert "no column 'question'" in reasons["prices.csv"]
    assert "'no-such', which is unknown" in reasons["deep/page.html"]
    assert model.vocabulary.excluded == {
        "files of another kind": 3, "files that cannot be read": 7,
    }  # fmt: skip
    fewer = opened(tmp_path, encoder, exclude=("*.json", "deep", "old.txt"))
    assert {file.name for file in fewer.unread} == {"prices.csv", "zero.pdf"}
    assert fewer.vocabulary.excluded["files that --exclude names"] == 5
    with pytest.raises(BadInput, match="unpickling runs"):
        opened(tmp_path / "data.pkl", encoder)
    (tmp_path / "a.md").unlink()
    with pytest.raises(BadInput, match=r"none of its 7 documents can be read; the first: .*config"):
        opened(tmp_path, encoder)
    with pytest.raises(BadInput, match="record 1: a record with a question"):
        opened(tmp_path / "package.json", encoder)


@pytest.mark.parametrize(
    "odd", ["x.txt.gz", "x.npy", "a.npy b.npy", "z.npz", "x.gguf", "x.onnx", "cc.vec.gz"]
)
def test_what_lies_beside_documents_does_not_stop_a_folder(
    tmp_path: Path, encoder: Path, odd: str
) -> None:
    (tmp_path / "a.md").write_text("The office opens at nine.\n\nBoats are moored here.")
    for name in odd.split():
        if name.endswith(".npy"):
            np.save(tmp_path / name, np.ones((3, 4), np.float32))
        elif name.endswith(".npz"):
            np.savez(tmp_path / name, vectors=np.ones((3, 4), np.float32), words=["a", "b", "c"])
        else:
            (tmp_path / name).write_bytes(b"\x1f\x8b\x08" if ".gz" in name else b"GGUF\x01")
    model = opened(tmp_path, encoder)
    assert [file.name for file in model.files] == ["a.md"]
    assert model.vocabulary.excluded == {"files of another kind": len(odd.split())}


def test_what_is_excluded_does_not_count_for_the_bound(
    tmp_path: Path, encoder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sentence_sequence, "MOST_BYTES", 100)
    (tmp_path / "a.md").write_text("The office opens at nine.\n\nBoats are moored here.")
    (tmp_path / "big.txt").write_text("The office opens at nine. " * 10)
    with pytest.raises(BadInput, match="some out with --exclude"):
        opened(tmp_path, encoder)
    model = opened(tmp_path, encoder, exclude=("big.txt",))
    assert [file.name for file in model.files] == ["a.md"]


def test_pointers_among_documents_are_told(tmp_path: Path, encoder: Path) -> None:
    (tmp_path / "a.md").write_text("The office opens at nine.\n\nBoats are moored here.")
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'4d' * 32}\nsize 12345\n"
    names = {"handbook.md", "page.html", "paper.pdf", "list.csv"}
    for name in names:
        (tmp_path / name).write_text(pointer)
    model = opened(tmp_path, encoder)
    assert {file.name for file in model.unread} == names
    assert all("is a Git LFS pointer" in file.reason for file in model.unread)


def test_names_that_are_not_utf8_are_read_and_told(tmp_path: Path, encoder: Path) -> None:
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    folder.mkdir()
    (folder / os.fsdecode(b"\xff.txt")).write_text("The office opens. Boats leave.")
    (folder / os.fsdecode(b"odd\xe9.json")).write_text("{}")
    model = opened(folder, encoder)
    assert [file.name for file in model.files] == ["\\xff.txt"]
    assert [file.name for file in model.unread] == ["odd\\xe9.json"]
    assert r"caf\xe9/odd\xe9.json" in model.unread[0].reason
    bundle = extract(model, ExtractOptions(NeighbourOptions(k=2)), tmp_path / "b", silent)
    assert bundle.source.files[0].name == "\\xff.txt"
    with pytest.raises(NotFound, match=r"nothing at .*caf\\xe9/no\."):
        opened(folder / "no.", encoder)


def test_prose_that_ends_in_numbers_is_no_vectors(tmp_path: Path, encoder: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("Call 555 1234\nThe office opens at nine.\n")
    assert document_importer.IMPORTER.holds_documents(file)
    assert len(opened(file, encoder).vocabulary) > 2
    file.write_text("king 0.5 1.5\nqueen 0.25 1e-3\n")
    assert not document_importer.IMPORTER.holds_documents(file)
    with pytest.raises(UsageError, match="leave --encoder out, or name another importer"):
        opened(file, encoder)


def test_what_is_no_documents_has_no_use_for_exclude(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="leave --exclude out"):
        open_model(str(MINILM), OpenOptions(exclude=("*.json",)))


@pytest.mark.parametrize(
    ("name", "text", "fault"),
    [
        ("a.csv", "question,answer\nWho?,Me, myself and I.\n", "line 2: there are 3 cells under 2"),
        ("a.csv", "question,answer,answer\nWho?,Me.,I.\n", "two columns 'answer'"),
        ("a.json", '[{"question": "Who?", "Question": "Why?", "answer": "Me."}]', "given twice"),
    ],
)
def test_what_would_be_lost_of_a_record_is_refused(
    tmp_path: Path, name: str, text: str, fault: str
) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(BadInput, match=f"{name}.*{fault}"):
        read_questions(tmp_path / name)


def test_a_long_cell_is_read(tmp_path: Path) -> None:
    answer = "long " * 40_000
    (tmp_path / "a.csv").write_text(f'question,answer\nWho?,"{answer}"\n')
    assert read_questions(tmp_path / "a.csv").pairs == [("Who?", answer)]
