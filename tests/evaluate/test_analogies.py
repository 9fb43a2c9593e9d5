"""Analogies: how often the graph and dense vectors answer right, on vectors with known answers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hartonomous.ask.relations.affinity import analogy
from hartonomous.errors import BadInput, NotFound, UsageError
from hartonomous.evaluate.analogies import evaluate_analogies, read_questions
from hartonomous.extract.extraction import open_model
from hartonomous.extract.importer_protocol import OpenOptions
from hartonomous.extract.word_matrix import WordVectors
from hartonomous.graph.driver import Graph
from tests.building import bundle_of, put_in, write_vectors

NAMES = [f"{a}{b}" for a in ("ka", "lo", "mi", "ne", "pu") for b in ("ra", "so", "ti", "ve")]


@pytest.fixture
def folder(tmp_path: Path, rng: np.random.Generator) -> Path:
    """Words and the same with -es, apart by one direction, among others."""
    stems = rng.normal(size=(len(NAMES), 12))
    more = np.zeros(12)
    more[0] = 4.0
    words = [*NAMES, *(f"{name}es" for name in NAMES)]
    return write_vectors(tmp_path / "model", words, np.concatenate([stems, stems + more]))


def test_right_answers_are_counted_beside_dense_vectors(
    graph: Graph, folder: Path, tmp_path: Path
) -> None:
    put_in(graph, bundle_of(folder, tmp_path / "bundle", k=12), "one")
    questions = [(a, f"{a}es", b, f"{b}es") for a in NAMES[:6] for b in NAMES[6:12]]
    questions.append(("nobody", "knows", "these", "words"))
    dense = {"vectors": WordVectors(open_model(str(folder), OpenOptions()), whole=True)}
    graph_score, added, multiplied = evaluate_analogies(graph, questions, dense)
    right = sum(analogy(graph, *q[:3], top=1)[0]["answer"] == q[3] for q in questions[:-1])
    assert graph_score.right == right / 36 and graph_score.questions == 36
    assert graph_score.low < graph_score.right < graph_score.high or right in (0, 36)
    assert (added.score, multiplied.score) == ("vectors, 3CosAdd", "vectors, 3CosMul")
    # The vectors were made so that the offset is the same.
    assert added.right > 0.9 and added.words == 40
    assert evaluate_analogies(graph, questions, most=5)[0].questions == 5
    with pytest.raises(UsageError, match="No analogy"):
        evaluate_analogies(graph, questions[-1:])


def test_questions_are_read(tmp_path: Path) -> None:
    file = tmp_path / "questions.txt"
    file.write_text(": capitals\nParis France\tRome Italy\n\n# more\nman king woman queen\n")
    assert read_questions(file) == (
        ("paris", "france", "rome", "italy"),
        ("man", "king", "woman", "queen"),
    )
    assert len(read_questions(None)) == 19_544
    file.write_text("man king woman\n")
    with pytest.raises(BadInput, match="line 1: expected four words"):
        read_questions(file)
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(BadInput, match="UTF-8"):
        read_questions(file)
    with pytest.raises(NotFound):
        read_questions(tmp_path / "none")
