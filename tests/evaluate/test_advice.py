"""Advice: worked out beside the graph, equal to what ingesting then brings; verdicts on real models."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from hartonomous.ask.relations.word_rows import WordRows, consensus_rows, find_words
from hartonomous.cli import main
from hartonomous.errors import NotFound
from hartonomous.evaluate.advice import CANDIDATE, advise, sharing
from hartonomous.evaluate.learning_curve import gain_curve
from hartonomous.evaluate.pair_sets import bundle_pairs, compare
from hartonomous.evaluate.plots import plot_curve
from hartonomous.evaluate.source_contribution import contributions
from hartonomous.evaluate.source_pairs import read_related_pairs, vector_tracks
from hartonomous.evaluate.source_subsets import Panel, read_panel, with_bundle
from hartonomous.evaluate.word_similarity import GoldPairs, evaluate
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph
from hartonomous.rate.source_agreement import Agreement
from tests import models
from tests.building import WORDS, bundle_of, exported, put_in, random_bundle, silent, write_vectors
from tests.planting import noise, shuffled
from tests.real_words import real_words

SIZE, K = 1_500, 16
ASKED = WORDS[:30]


def agreements(graph: Graph) -> dict[tuple[str, str], Agreement]:
    rows = graph.read(query("rate/read_agreements"))
    return {(row["low"], row["high"]): Agreement(**row) for row in rows}


def cells(rows: WordRows, key: list[str]) -> dict[tuple[str, str], int]:
    """Return what rows say of each pair that stands in them, by key."""
    related = rows.related.tocoo()
    return {
        (key[rows.column[row]], key[column]): int(rows.matrix[row, column])
        for row, column in zip(related.row, related.col, strict=True)
    }


def test_what_is_worked_out_is_what_ingesting_brings(graph: Graph, tmp_path: Path) -> None:
    for seed in (1, 2):
        put_in(graph, random_bundle(tmp_path, seed, size=90), f"s{seed}")
    bundle = random_bundle(tmp_path, 3, size=90)
    before = exported(graph)
    panel = with_bundle(read_panel(graph, find_words(graph, ASKED), ASKED), bundle, "s3")
    compared = compared_with(graph, bundle)
    advice = advise(graph, bundle)
    assert exported(graph) == before
    put_in(graph, bundle, "s3")
    found = agreements(graph)
    for name in ("s1", "s2"):
        edge, ours = found[name, "s3"], compared[name]
        for count in ("words", "pairs_low", "pairs_high", "shared", "met"):
            assert getattr(ours, count) == getattr(edge, count), count
    assert advice.pairs == sum(track.rows for track in bundle.tracks)
    only = contributions(graph)
    assert (advice.new_words, advice.new_pairs) == next(
        (one.only_words, one.only_pairs) for one in only if one.source == "s3"
    )
    check_panel(graph, panel)


def compared_with(graph: Graph, bundle: object) -> dict[str, Agreement]:
    keys = tuple(bundle.compositions()["key"].to_pylist())  # type: ignore[attr-defined]
    held = read_related_pairs(graph, vector_tracks(graph), keys)
    place = np.array([held.key.index(key) for key in keys])
    own = bundle_pairs(bundle, place, held.size)  # type: ignore[arg-type]
    return {name: compare(CANDIDATE, own, name, held.of(name)) for name in held.knows}


def check_panel(graph: Graph, panel: Panel) -> None:
    """Hold a panel's rows against the rated graph."""
    words = find_words(graph, ASKED)
    assert panel.place.keys() == words.keys()
    rows, silence = panel.rows(sharing(["s1", "s2", "s3"], list(agreements(graph).values())))
    ids = {row["id"]: row["key"] for row in graph.read(query("ask/read_vocabulary"))}
    rated = consensus_rows(graph, words)
    expected = {}
    for row in graph.read(query("ask/read_rows"), keys=sorted({w["key"] for w in words.values()})):
        for other, decades in zip(row["others"], row["decades"], strict=True):
            expected[row["key"], ids[other]] = decades
    assert cells(rows, list(panel.key)) == expected
    assert len(rated.place) == len(rows.place)
    assert silence(*list(words)[:2]) == silence(*list(words)[1::-1])


@pytest.fixture
def two(graph: Graph, tmp_path: Path) -> Graph:
    """Two real models."""
    words, vectors = real_words(SIZE)
    for name in ("minilm", "glove"):
        path = write_vectors(tmp_path / name, words, vectors[name])
        put_in(graph, bundle_of(path, tmp_path / f"b-{name}", K), name)
    return graph


def test_no_to_what_is_there_or_wrong_and_yes_to_what_is_new(
    two: Graph, tmp_path: Path, rng: np.random.Generator
) -> None:
    words, vectors = real_words(SIZE)
    original = vectors["minilm"]

    def advice(name: str, model: np.ndarray) -> object:
        path = write_vectors(tmp_path / name, words, model)
        return advise(two, bundle_of(path, tmp_path / f"b-{name}", K))

    new = advice("wordllama", vectors["wordllama"])
    assert new.worth, new.reasons
    assert new.listed > 5 * new.by_chance
    copy = advice("copy", original + 1e-4 * original.std() * noise(original, rng))
    assert not copy.worth
    assert any("a copy" in reason for reason in copy.reasons)
    assert any("adds nothing" in reason for reason in copy.reasons)
    for name, spoilt in (
        ("random", noise(original, rng)),
        ("shuffled", shuffled(original, 1, rng)),
    ):
        bad = advice(name, spoilt)
        assert not bad.worth
        assert any("no vote" in reason for reason in bad.reasons)


def test_the_command_says_no_to_a_copy_and_yes_to_something_new(
    served: Graph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = CliRunner()
    limit = ["--limit", "3000"]
    done = run.invoke(main, ["ingest", str(models.MINILM), "--as", "minilm", *limit])
    assert done.exit_code == 0, done.output
    before = exported(served)
    done = run.invoke(main, ["advise", str(models.MINILM), *limit, "--json"])
    assert done.exit_code == 1, done.output
    facts = json.loads(done.stdout)
    assert facts["worth"] is False
    assert "minilm was opened from the same file" in facts["reasons"]
    assert facts["likeness"][0]["overlap"] == 1.0
    words = ["--vocabulary", str(models.GLOVE_WORDS), "--limit", "4000"]
    done = run.invoke(main, ["advise", str(models.GLOVE), *words, "--json"])
    assert done.exit_code == 0, done.output
    facts = json.loads(done.stdout)
    assert facts["new_words"] > 1_000
    assert facts["own"].keys() == {"WordSim-353", "SimLex-999"}
    assert exported(served) == before
    assert run.invoke(main, ["advise", str(models.GLOVE), *words]).exit_code == 0


def test_a_graph_says_who_adds_nothing(graph: Graph, tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    words = [f"w{number:03d}" for number in range(250)]
    first, second = rng.normal(size=(250, 12)), rng.normal(size=(250, 12))
    for name, vectors in (("a", first), ("b", second), ("c", first + 1e-6)):
        path = write_vectors(tmp_path / name, words, vectors)
        put_in(graph, bundle_of(path, tmp_path / f"b-{name}", 8), name)
    found = {one.source: one for one in contributions(graph, [planted(words, first)])}
    assert {name: one.adds for name, one in found.items()} == {"a": False, "b": True, "c": False}
    assert found["a"].nearest == "c"
    assert "near-copy of c (100%)" in found["a"].remarks
    assert found["b"].only_pairs > 0 == found["c"].only_pairs
    assert found["b"].vote == 2 * found["a"].vote
    assert found["a"].gains[0].gain == pytest.approx(0.0, abs=1e-9)


def planted(words: list[str], vectors: np.ndarray) -> GoldPairs:
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    pairs = [(i, i + 1) for i in range(100)]
    scores = np.array([float(unit[a] @ unit[b]) for a, b in pairs])
    return GoldPairs("planted", tuple((words[a], words[b]) for a, b in pairs), scores)


def test_a_curve_ends_where_the_graph_is(graph: Graph, tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    words = [f"w{number:03d}" for number in range(220)]
    meaning = rng.normal(size=(220, 10))
    for name in "abc":
        vectors = meaning + rng.normal(size=meaning.shape)
        path = write_vectors(tmp_path / name, words, vectors)
        put_in(graph, bundle_of(path, tmp_path / f"b-{name}", 10), name)
    gold = planted(words, meaning)
    curve = gain_curve(graph, [gold], silent)
    assert curve.orders == 6
    best = {p.sources: p for p in curve.points if (p.measure, p.order) == ("planted", "best first")}
    whole = next(r for r in evaluate(graph, [gold]).correlations if r.score == "affinity")
    assert best[3].value == pytest.approx(whole.rho)
    anyhow = {
        p.sources: p for p in curve.points if (p.measure, p.order) == ("planted", "any order")
    }
    assert anyhow[1].low <= anyhow[1].value < best[3].value
    held_out = [p.value for p in curve.points if p.measure.startswith("held-out")]
    assert len(held_out) == 4
    assert min(held_out) > 10 / 220
    plot_curve(curve, tmp_path / "curve.png")
    assert (tmp_path / "curve.png").read_bytes().startswith(b"\x89PNG")


def test_a_curve_takes_two_sources(graph: Graph, tmp_path: Path) -> None:
    put_in(graph, random_bundle(tmp_path, 1), "s1")
    with pytest.raises(NotFound, match="two sources"):
        gain_curve(graph, [], silent)


def test_the_first_source_is_worth_it(graph: Graph, tmp_path: Path) -> None:
    advice = advise(graph, random_bundle(tmp_path, 1))
    assert advice.worth
    assert advice.new_words == advice.words
    assert "first source" in advice.reasons[0]
