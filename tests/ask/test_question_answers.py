"""Documents beside models in the graph, and questions answered from them by words and by vectors."""

# ruff: noqa: RUF001
from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from hartonomous.ask.relations.question_answers import Encode, ask
from hartonomous.bundle import Bundle
from hartonomous.cli import main
from hartonomous.delete.deletion import delete_source
from hartonomous.errors import NotFound, UsageError
from hartonomous.extract.encoder_protocol import open_encoder
from hartonomous.extract.extraction import ExtractOptions, extract, open_model
from hartonomous.extract.importer_protocol import OpenOptions
from hartonomous.graph.driver import Graph
from hartonomous.graph.writer_lock import WriterLock
from hartonomous.operations.ingestion import ingest
from hartonomous.rate.formulas import elo
from tests.building import bundle_of, exported, put_in, random_bundle, silent, write_vectors
from tests.called_rows import as_called, called
from tests.document_files import ASKED, DOCUMENTS
from tests.models import MINILM
from tests.tiny_transformers import tiny_encoder

PASSWORD = (
    'Choose "Forgotten password" on the sign-in page and follow the link that is sent by e-mail.'
)


@pytest.fixture(scope="module")
def encode() -> Encode:
    """What the real encoder makes of texts; it is opened once, and reads a text once."""
    encoder, known = open_encoder(MINILM), dict[str, np.ndarray]()

    def remembered(texts: Sequence[str]) -> np.ndarray:
        if new := [text for text in dict.fromkeys(texts) if text not in known]:
            known.update(zip(new, encoder.encode(new), strict=True))
        return np.stack([known[text] for text in texts])

    return remembered


@pytest.fixture(scope="module")
def handbook(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """The documents as the real encoder reads them."""
    model = open_model(str(DOCUMENTS), OpenOptions(encoder=MINILM))
    output = tmp_path_factory.mktemp("handbook") / "bundle"
    return extract(model, ExtractOptions(), output, silent)


@pytest.fixture
def known(graph: Graph, handbook: Bundle) -> Graph:
    put_in(graph, handbook, "handbook")
    return graph


def small(folder: Path, text: str, encoder: Path) -> Bundle:
    folder.mkdir()
    (folder / "a.txt").write_text(text)
    model = open_model(str(folder / "a.txt"), OpenOptions(encoder=encoder))
    return extract(model, ExtractOptions(), folder / "bundle", silent)


@pytest.mark.parametrize(
    ("text", "question", "answer"),
    [
        ("港口九点开门。如何支付费用？您可以用银行卡支付。", "怎么支付费用", "您可以用银行卡支付。"),
        ("港は九時に開きます。料金はどこで払いますか。窓口です。", "料金を払う所は", "窓口です。"),
        ("สำนักงานเปิดเวลาเก้าโมง ค่าธรรมเนียมเท่าไร? ห้าสิบบาทต่อวัน", "ค่าธรรมเนียม", "ห้าสิบบาทต่อวัน"),
        ("कार्यालय नौ बजे खुलता है। शुल्क कैसे दें? कार्ड से।", "शुल्क देना", "कार्ड से।"),
        ("Το λιμάνι ανοίγει. Πώς πληρώνω εδώ; Με κάρτα.", "πληρώνω με τι", "Με κάρτα."),
    ],
)  # fmt: skip
def test_questions_are_answered_where_words_have_no_spaces(
    graph: Graph, tmp_path: Path, encode: Encode, text: str, question: str, answer: str
) -> None:
    put_in(graph, small(tmp_path / "a", text, MINILM), "a")
    rows = ask(graph, question)
    assert (rows[0]["answer"], rows[0]["answered"]) == (answer, True)
    assert all(word in question for word in rows[0]["words"])
    encoded = ask(graph, question, encode=encode)
    assert answer in {row["answer"] for row in encoded if row["answered"]}


def test_documents_and_models_come_and_go_exactly(graph: Graph, tmp_path: Path) -> None:
    encoder = tiny_encoder(tmp_path / "encoder")
    first = small(tmp_path / "a", "Where is the king? He is at the river. Lake and river.", encoder)
    second = small(tmp_path / "b", "Where is the king? Lake and river. He left.", encoder)
    words = ["king", "river", "lake", "queen", "crown", "bank"]
    rng_bundle = random_bundle(tmp_path, 3)
    vectors = write_vectors(
        tmp_path / "m", words, np.array([[1, 0], [0, 1], [0.1, 1], [1, 0.1], [1, 0.3], [0, 1]])
    )
    model = bundle_of(vectors, tmp_path / "model", k=2)
    put_in(graph, first, "first")
    alone = exported(graph)
    for bundle, name in ((model, "model"), (second, "second"), (rng_bundle, "random")):
        put_in(graph, bundle, name)
    everything = exported(graph)
    put_in(graph, second, "second")
    assert exported(graph) == everything
    with WriterLock(graph, "test") as lock:
        for name in ("model", "second", "random"):
            delete_source(graph, lock, name, silent)
    assert exported(graph) == alone
    for bundle, name in ((rng_bundle, "random"), (second, "second"), (model, "model")):
        put_in(graph, bundle, name)
    assert exported(graph) == everything
    with WriterLock(graph, "test") as lock:
        for name in ("first", "second", "model", "random"):
            delete_source(graph, lock, name, silent)
    assert exported(graph) == []


def test_an_interrupted_ingest_of_documents_goes_on(graph: Graph, tmp_path: Path) -> None:
    encoder = tiny_encoder(tmp_path / "encoder")

    def put(progress: object) -> None:
        opened = open_model(str(DOCUMENTS), OpenOptions(encoder=encoder))
        ingest(graph, opened, ExtractOptions(subject="Ann"), "docs", tmp_path / "cache", progress)

    put(silent)
    whole = exported(graph)
    with WriterLock(graph, "test") as lock:
        delete_source(graph, lock, "docs", silent)
    for stage in ("encoding", "sentences", "compositions", "evidence", "rating"):

        def stop(now: str, done: int, total: int, stage: str = stage) -> None:
            if now == stage:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            put(stop)
    put(silent)
    assert exported(graph) == whole
    (source,) = graph.read("MATCH (s:Source) RETURN s.kind AS kind, s.subject AS subject")
    assert source == {"kind": "corpus", "subject": "Ann"}


def test_answers_are_rated_by_likeness_and_by_how_often_they_were_met(known: Graph) -> None:
    rows = known.read(
        "MATCH (q:Sentence)-[e:ANSWER_EVIDENCE]->(a), (q)-[r:ANSWERED_BY]->(a) "
        "RETURN q.text AS q, a.text AS a, e.n AS n, e.weight AS weight, r.elo AS elo"
    )
    assert len(rows) == 29
    assert all(row["elo"] == elo(row["n"], row["weight"], 1) for row in rows)
    times = {(row["q"], row["a"]): row["n"] for row in rows}
    assert times["When did the warehouse burn down?", "in 1911"] == 2
    assert times["How can I reset my password?", PASSWORD] == 1


def asked() -> list[tuple[str, str]]:
    lines = ASKED.read_text("utf-8").splitlines()
    return [tuple(line.split("\t")) for line in lines]  # type: ignore[misc]


def test_paraphrased_questions_find_their_answers(known: Graph, encode: Encode) -> None:
    found = {"words": [0, 0], "encoder": [0, 0]}
    for question, right in asked():
        for name, how in (("words", None), ("encoder", encode)):
            try:
                rows = ask(known, question, 3, how)
            except NotFound:
                rows = []
            found[name][0] += right in rows[0]["answer"] if rows else 0
            found[name][1] += any(right in row["answer"] for row in rows)
    # Of 40, first and among three: 27 and 33 by the encoder, 9 and 15 by words alone. The bars leave
    # room for another machine's rounding only.
    assert found["encoder"][0] >= 25 and found["encoder"][1] >= 31, found
    assert found["words"][0] >= 8 and found["words"][1] >= 14, found


def test_the_way_to_an_answer_is_told(known: Graph, encode: Encode) -> None:
    (row,) = ask(known, "How do I reset a password", 1)
    assert row["answer"] == PASSWORD
    assert row["answered"]
    assert row["path"] == ["How can I reset my password?", PASSWORD]
    assert row["words"] == ["password", "reset"]
    assert row["sources"] == ["handbook"]
    assert 0 < row["score"] <= 1
    (row,) = ask(known, "newspapers", 1)
    assert not row["answered"]
    assert row["path"] == [row["answer"]]
    assert "twelve countries" in row["answer"]
    (row,) = ask(known, "I forgot my login", 1, encode)
    assert row["path"][-1] == PASSWORD


def test_a_near_question_leads_to_an_answer(graph: Graph, tmp_path: Path) -> None:
    texts = "How do I get a new password?\n\nWhat is a lake?\n\nA lake holds water."
    (tmp_path / "a.txt").write_text(texts)
    (tmp_path / "b.csv").write_text(
        "question,answer\nHow can I reset my password?,Press the link.\n"
    )
    opened = open_model(str(tmp_path), OpenOptions(encoder=MINILM))
    put_in(graph, extract(opened, ExtractOptions(), tmp_path / "bundle", silent), "docs")
    rows = ask(graph, "I want something new", 5)
    assert [row["path"] for row in rows if row["answer"] == "Press the link."] == [
        ["How do I get a new password?", "How can I reset my password?", "Press the link."]
    ]


def test_a_model_lends_its_related_words(graph: Graph, handbook: Bundle, tmp_path: Path) -> None:
    put_in(graph, handbook, "handbook")
    with pytest.raises(NotFound, match="shares a word"):
        ask(graph, "passcode")
    words = ["passcode", "password", "river", "lake", "stone", "cloud"]
    vectors = np.array(
        [[1, 0, 0], [0.95, 0.1, 0], [0, 1, 0], [0, 0.9, 0.1], [0, 0, 1], [0.1, 0, 0.9]]
    )
    path = write_vectors(tmp_path / "m", words, vectors)
    put_in(graph, bundle_of(path, tmp_path / "model", k=1), "model")
    (row,) = ask(graph, "passcode", 1)
    assert row["answer"] == PASSWORD
    assert row["words"] == ["passcode"]


def test_what_cannot_be_asked_says_why(graph: Graph, handbook: Bundle, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="holds no sentences"):
        ask(graph, "Anything?")
    for question in ("", "  ", "x" * 1001):
        with pytest.raises(UsageError, match="1 to 1,000"):
            ask(graph, question)
    put_in(graph, handbook, "handbook")
    for question in ("zzz qqq", "?!", "the of", "'; MATCH (n) DETACH DELETE n //"):
        with pytest.raises(NotFound, match="rephrase"):
            ask(graph, question)


def test_ask_on_the_command_line_and_in_browser(served: Graph, handbook: Bundle) -> None:
    put_in(served, handbook, "handbook")
    question = "How do I reset a password?"
    done = CliRunner().invoke(main, ["ask", question, "--top", "1"])
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines()[0] == f"1. {PASSWORD}"
    assert "shares password, reset: How can I reset my password?" in done.stdout
    assert "words alone" in done.stderr
    done = CliRunner().invoke(main, ["ask", question, "--encoder", str(MINILM), "--json"])
    answer = json.loads(done.stdout)
    assert (answer["matched_by"], answer["answers"][0]["answer"]) == ("encoder", PASSWORD)
    shown = called(served, "ask/ask", "ask($question, 3)", question=question)
    assert shown == as_called(ask(served, question, 3))
    done = CliRunner().invoke(main, ["ask", "zzz qqq"])
    assert done.exit_code == 3
