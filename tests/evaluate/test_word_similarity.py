"""Measuring against people's scores: planted relations are found, real lists are read, faults told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import spearmanr

from hartonomous.ask.relations.affinity import affinity
from hartonomous.errors import BadInput, NotFound, UsageError
from hartonomous.evaluate.plots import plot_correlations
from hartonomous.evaluate.word_similarity import GoldPairs, evaluate, gensim_pairs, read_pairs
from hartonomous.extract.extraction import open_model
from hartonomous.extract.importer_protocol import OpenOptions
from hartonomous.extract.word_matrix import WordVectors
from hartonomous.graph.driver import Graph
from tests.building import WORDS, bundle_of, put_in, write_vectors
from tests.model_files import write_matrix

CHOSEN = [word for word in WORDS if word.isalpha()][:60]


@pytest.fixture
def meanings(rng: np.random.Generator) -> np.ndarray:
    return rng.normal(size=(len(CHOSEN), 8))


@pytest.fixture
def measured(graph: Graph, tmp_path: Path, meanings: np.ndarray) -> Graph:
    path = write_vectors(tmp_path / "m", CHOSEN, meanings)
    put_in(graph, bundle_of(path, tmp_path / "b", k=12), "model")
    return graph


def planted(meanings: np.ndarray, rng: np.random.Generator) -> GoldPairs:
    """Return pairs scored by the cosine of the meanings themselves; the last word is unknown."""
    centred = meanings - meanings.mean(axis=0)
    unit = centred / np.linalg.norm(centred, axis=1, keepdims=True)
    places = [rng.choice(len(CHOSEN), 2, replace=False) for _ in range(200)]
    words = [(CHOSEN[a], CHOSEN[b]) for a, b in places]
    scores = [float(unit[a] @ unit[b]) for a, b in places]
    return GoldPairs("planted", (*words, ("king", "nosuchword")), np.array([*scores, 0.0]))


def test_scores_follow_planted_meanings(
    measured: Graph, tmp_path: Path, meanings: np.ndarray, rng: np.random.Generator
) -> None:
    gold = planted(meanings, rng)
    vectors = WordVectors(open_model(str(tmp_path / "m" / "vectors.npz"), OpenOptions()))
    result = evaluate(measured, [gold], {"vectors": vectors})
    found = {row.score: row for row in result.correlations}
    assert found["vectors"].rho_covered > 0.999
    assert found["affinity"].rho_covered > 0.8
    assert found["consensus"].rho > 0.6
    rounding = 1e-12
    for row in found.values():
        assert row.low - rounding <= row.rho <= row.high + rounding
    for row in (found["affinity"], found["consensus"]):
        assert row.low < row.rho < row.high
    for row in found.values():
        assert 0 < row.covered < 200 if "related" in row.score else row.covered == 200
        assert row.pairs == 201
    scores = [affinity(measured, *pair)["affinity"] for pair in gold.words[:200]]
    assert found["affinity"].rho_covered == pytest.approx(
        spearmanr(scores, gold.scores[:200]).statistic, abs=1e-3
    )
    assert found["model embedding"].rho == pytest.approx(found["affinity"].rho, abs=0.05)
    gain = next(row for row in result.gains if row.over == "vectors")
    assert gain.low <= gain.gain <= gain.high < 0


def test_the_lists_of_gensim_are_there() -> None:
    wordsim, simlex = gensim_pairs()
    assert (len(wordsim.words), len(simlex.words)) == (353, 999)
    assert wordsim.scores.max() == 10.0


def test_pairs_by_tabs_and_commas_with_headings_and_comments(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text("# note\nking\tqueen\t9\nKing\triver\t1\nlake\tcreek\t7\n")
    (tmp_path / "a.csv").write_text(
        "first,second,score\nking,queen,9\nking,river,1\n\nlake,creek,7"
    )
    assert read_pairs(tmp_path / "a.tsv").words == read_pairs(tmp_path / "a.csv").words
    assert read_pairs(tmp_path / "a.csv").scores.tolist() == [9, 1, 7]


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"king\tqueen\t9\nking\n", "line 2"),
        (b"king\tqueen\t9\nking\triver\tmuch\n", "line 2"),
        (b"\xff\xfe\x00", "UTF-8"),
        (b"king\tqueen\t9\n", "needs three"),
    ],
)
def test_lists_that_are_none(tmp_path: Path, content: bytes, fault: str) -> None:
    (tmp_path / "pairs.tsv").write_bytes(content)
    with pytest.raises(BadInput, match=fault):
        read_pairs(tmp_path / "pairs.tsv")


def test_a_list_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        read_pairs(tmp_path / "none.tsv")


def test_a_word_in_pieces_is_their_mean(tmp_path: Path) -> None:
    write_matrix(tmp_path / "model.safetensors", np.eye(3, dtype=np.float32))
    (tmp_path / "vocab.txt").write_text("king\n##dom\nx\n")
    look_up = WordVectors(open_model(str(tmp_path), OpenOptions()))
    vectors, known = look_up(["kingdom", "King", "qq"])
    assert known.tolist() == [True, True, False]
    assert vectors[1].argmax() == 0


def test_a_plot_is_drawn(measured: Graph, tmp_path: Path, meanings: np.ndarray) -> None:
    gold = planted(meanings, np.random.default_rng(1))
    rows = evaluate(measured, [gold]).correlations
    plot_correlations(rows, tmp_path / "scores.png")
    assert (tmp_path / "scores.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(UsageError, match="must end in"):
        plot_correlations(rows, tmp_path / "scores.exe")
