"""How often a paraphrased question finds its answer, beside the encoder's plain nearest sentence."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.measuring import Figure
from hartonomous.ask.relations.question_answers import ask
from hartonomous.errors import NotFound
from hartonomous.extract.encoder_protocol import Encoder, open_encoder
from hartonomous.extract.extraction import ExtractOptions, extract, open_model
from hartonomous.extract.importer_protocol import OpenedModel, OpenOptions
from hartonomous.graph.driver import Graph
from hartonomous.operations.ingestion import load_bundle, prepare
from hartonomous.server.connection import connect_managed
from hartonomous.server.managed_server import running_address
from tests.document_files import ASKED, DOCUMENTS
from tests.models import MINILM
from tests.private_server import private_server

TOP = 3
RESAMPLES = 2_000

Ranked = Callable[[str], list[str]]
"""From a question to answers, best first."""


def run() -> list[Figure]:
    """Return the share of paraphrased questions whose answer comes first, and among three."""
    with private_server("700m", "256m") as home:
        address = running_address(home)
        assert address is not None
        with connect_managed(address) as graph, tempfile.TemporaryDirectory() as folder:
            return measured(graph, Path(folder))


def measured(graph: Graph, folder: Path) -> list[Figure]:
    """Return the figures of an empty graph, filled with the tests' documents, then with MiniLM."""
    prepare(graph)
    documents = open_model(str(DOCUMENTS), OpenOptions(encoder=MINILM))
    _put_in(graph, documents, folder / "documents", "handbook")
    encoder = open_encoder(MINILM)
    ways: dict[str, Ranked] = {
        "by words": lambda question: _answers(graph, question, None),
        "by the encoder": lambda question: _answers(graph, question, encoder),
        "plain nearest sentence": _plain(documents, encoder),
    }
    found = {name: _ranks(way) for name, way in ways.items()}
    _put_in(graph, open_model(str(MINILM), OpenOptions()), folder / "model", "minilm")
    found["by words, MiniLM's related words too"] = _ranks(ways["by words"])
    beside = _shown(found.pop("plain nearest sentence"))
    return [
        Figure(f"`ask`, answer first / among {TOP}, {name}", _shown(ranks), beside, "-", None)
        for name, ranks in found.items()
    ]


def _put_in(graph: Graph, model: OpenedModel, bundle: Path, name: str) -> None:
    made = extract(model, ExtractOptions(), bundle, lambda *_: None)
    load_bundle(graph, made, name, lambda *_: None)


def _answers(graph: Graph, question: str, encoder: Encoder | None) -> list[str]:
    try:
        rows = ask(graph, question, TOP, None if encoder is None else encoder.encode)
    except NotFound:
        return []
    return [row["answer"] for row in rows]


def _plain(documents: OpenedModel, encoder: Encoder) -> Ranked:
    """Return the sentences nearest by the encoder, questions left out, without any graph."""
    table = documents.vocabulary.compositions.to_pylist()
    texts = [row["text"] for row in table if row["kind"] == "Sentence" and row["text"][-1] != "?"]
    vectors = encoder.encode(texts)

    def nearest(question: str) -> list[str]:
        order = np.argsort(-(vectors @ encoder.encode([question])[0]))
        return [texts[place] for place in order[:TOP]]

    return nearest


def _ranks(way: Ranked) -> np.ndarray:
    """Return, for each question, the place of its answer from 0, TOP where it is not among them."""
    ranks = []
    for line in ASKED.read_text("utf-8").splitlines():
        question, right = line.split("\t")
        places = [place for place, answer in enumerate(way(question)) if right in answer]
        ranks.append(min(places, default=TOP))
    return np.array(ranks)


def _shown(ranks: np.ndarray) -> str:
    """Return both shares with the first one's 95 % bootstrap interval."""
    drawn = np.random.default_rng(20).choice(ranks, (RESAMPLES, len(ranks)))
    low, high = np.quantile((drawn == 0).mean(axis=1), [0.025, 0.975])
    first, among = (ranks == 0).mean(), (ranks < TOP).mean()
    return f"{first:.2f} [{low:.2f}, {high:.2f}] / {among:.2f} of {len(ranks)}"
