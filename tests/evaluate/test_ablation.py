"""A source on trial: the side without it is what deleting it leaves; verdicts on planted sources."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from scipy.stats import spearmanr

from hartonomous.cli import main
from hartonomous.delete.deletion import apply
from hartonomous.delete.deletion_plan import plan
from hartonomous.delete.selectors import Selectors
from hartonomous.errors import Conflict, NotFound, UsageError
from hartonomous.evaluate.ablation import Effect, Listing, judge, trial
from hartonomous.evaluate.planned_consensus import consensus_after, consensus_now
from hartonomous.evaluate.word_similarity import GoldPairs, resampled, resamples
from hartonomous.graph.driver import Graph
from hartonomous.graph.writer_lock import WriterLock
from tests.building import (
    WORDS,
    bundle_of,
    causal_bundle,
    exported,
    put_in,
    random_bundle,
    silent,
    with_counted,
    write_vectors,
)

SIZE, K = 260, 12
MADE = [f"w{number:03d}" for number in range(SIZE)]


def random_pairs(rng: np.random.Generator, words: list[str], number: int) -> GoldPairs:
    places = [rng.choice(len(words), 2, replace=False) for _ in range(number)]
    pairs = tuple((words[a], words[b]) for a, b in places)
    return GoldPairs("random", pairs, rng.normal(size=number))


def test_the_side_without_is_what_a_deletion_leaves(
    graph: Graph, tmp_path: Path, rng: np.random.Generator
) -> None:
    seeds = [int(seed) for seed in rng.integers(2**31, size=3)]
    put_in(graph, random_bundle(tmp_path, seeds[0], size=60), "s1")
    counted = with_counted(random_bundle(tmp_path, seeds[1], 70), tmp_path / "c", seeds[1])
    put_in(graph, counted, "s2")
    # Where the word itself goes, another spelling of it that stays is what people will find.
    capitals = [word.capitalize() for word in WORDS[:40]]
    path = write_vectors(tmp_path / "capitals", capitals, rng.normal(size=(40, 8)))
    put_in(graph, bundle_of(path, tmp_path / "b-capitals"), "capitals")
    put_in(graph, random_bundle(tmp_path, seeds[2], size=100), "s3")
    gold = random_pairs(rng, [*map(str.lower, WORDS), "nosuchword"], 300)
    words = sorted({word for pair in gold.words for word in pair})
    before = exported(graph)
    now = consensus_now(graph, words)
    planned = plan(graph, Selectors(sources=("s3",)), silent)
    foretold = consensus_after(graph, planned, words)
    tried = trial(graph, "s3", [gold], silent)
    assert exported(graph) == before
    with WriterLock(graph, "test") as lock:
        apply(graph, lock, planned, silent)
    left = consensus_now(graph, words)
    assert foretold.ids == left.ids != now.ids
    assert foretold.rows.place == left.rows.place
    for side in ("direct", "affinities"):
        scores = getattr(foretold, side)(gold)
        np.testing.assert_array_equal(scores, getattr(left, side)(gold))
        assert not np.array_equal(scores, getattr(now, side)(gold), equal_nan=True)
    found = {one.measure: one for one in tried.effects}
    for measure, side in (("affinity", "affinities"), ("consensus", "direct")):
        with_it, without = rho(getattr(now, side)(gold), gold), rho(getattr(left, side)(gold), gold)
        assert (found[measure].with_it, found[measure].without) == (with_it, without)
        assert found[measure].gain == with_it - without
    assert tried.only_words == len(planned.tables["orphans"]) > 0
    assert tried.words == 100


def rho(scores: np.ndarray, gold: GoldPairs) -> float:
    """Return Spearman's rho; what is not covered takes the mean of what is."""
    filled = np.where(np.isnan(scores), np.nanmean(scores), scores)
    return float(spearmanr(filled, gold.scores).statistic)


def put(graph: Graph, tmp_path: Path, name: str, vectors: np.ndarray) -> None:
    path = write_vectors(tmp_path / name, MADE, vectors)
    put_in(graph, bundle_of(path, tmp_path / f"b-{name}", K), name)


def planted(meaning: np.ndarray, rng: np.random.Generator) -> GoldPairs:
    """Return pairs scored by the cosine of their meanings, half of them near ones."""
    unit = meaning / np.linalg.norm(meaning, axis=1, keepdims=True)
    cosine = unit @ unit.T
    first = rng.integers(SIZE, size=400)
    second = np.where(
        np.arange(400) % 2,
        rng.integers(SIZE, size=400),
        np.argsort(-cosine, axis=1)[first, rng.integers(1, 15, 400)],
    )
    apart = first != second
    pairs = tuple((MADE[a], MADE[b]) for a, b in zip(first[apart], second[apart], strict=True))
    return GoldPairs("planted", pairs, cosine[first[apart], second[apart]])


def test_the_good_stays_the_bad_and_the_copy_go(
    served: Graph, tmp_path: Path, rng: np.random.Generator
) -> None:
    meaning = rng.normal(size=(SIZE, 10))
    gold = planted(meaning, rng)
    good = meaning + 0.7 * rng.normal(size=meaning.shape)
    put(served, tmp_path, "good", good)
    put(served, tmp_path, "noise", rng.normal(size=meaning.shape))
    kept = trial(served, "good", [gold], silent)
    assert kept.verdict == "keep", kept
    assert "is higher" in kept.reasons[0]
    assert kept.effects[0].low > 0
    thrown = trial(served, "noise", [gold], silent)
    assert thrown.verdict == "remove", thrown
    assert thrown.agreement is not None
    assert thrown.agreement.listed < 2 * thrown.agreement.by_chance
    put(served, tmp_path, "other", meaning + 0.7 * rng.normal(size=meaning.shape))
    alone = exported(served)
    put(served, tmp_path, "copy", good + 1e-6 * rng.normal(size=good.shape))
    again = trial(served, "copy", [gold], silent)
    assert again.verdict == "remove", again
    assert "adds nothing" in " ".join(again.reasons)
    assert again.agreement is not None
    assert again.agreement.low > again.agreement.by_chance
    check_the_command(served, tmp_path, gold, alone)


def check_the_command(graph: Graph, tmp_path: Path, gold: GoldPairs, alone: list[str]) -> None:
    """Run the verb, and then what it says takes the source out."""
    lines = [f"{a}\t{b}\t{score}" for (a, b), score in zip(gold.words, gold.scores, strict=True)]
    (tmp_path / "planted.tsv").write_text("\n".join(lines))
    run, pairs = CliRunner(), ["--pairs", str(tmp_path / "planted.tsv")]
    told = run.invoke(main, ["trial", "copy", *pairs, "--json"])
    assert told.exit_code == 1, told.output
    facts = json.loads(told.stdout)
    assert facts["verdict"] == "remove"
    assert {one["measure"] for one in facts["effects"]} == {"affinity", "consensus", "coverage"}
    shown = run.invoke(main, ["trial", "copy", *pairs])
    assert shown.exit_code == 1
    assert facts["take_out"] in shown.stdout
    out = shlex.split(facts["take_out"])
    assert out == ["hartonomous", "delete", "source", "copy"]
    done = run.invoke(main, [*out[1:], "--yes"])
    assert done.exit_code == 0, done.output
    assert exported(graph) == alone
    assert run.invoke(main, ["trial", "good", *pairs]).exit_code == 0


def test_a_resample_is_the_same_for_both_sides(rng: np.random.Generator) -> None:
    gold = random_pairs(rng, WORDS, 60)
    scores, other = rng.normal(size=(2, 60))
    samples = resamples(60)
    for side in (scores, other):
        rho, drawn = resampled(gold, side)
        assert rho == spearmanr(side, gold.scores).statistic
        for place in rng.integers(len(samples), size=20):
            chosen = samples[place]
            expected = spearmanr(side[chosen], gold.scores[chosen]).statistic
            assert drawn[place] == pytest.approx(expected)
    assert resampled(gold, np.full(60, np.nan))[0] == 0.0
    assert not resampled(gold, np.full(60, np.nan))[1].any()


def effect(low: float, high: float, gold: str = "list") -> Effect:
    return Effect(gold, "affinity", 100, 0.5, 0.4, (low + high) / 2, low, high)


OWN = {"words": 100, "only_words": 10, "pairs": 1000, "only_pairs": 500}
NOTHING_OWN = {**OWN, "only_words": 0, "only_pairs": 20}
AGREES, RANDOM = Listing(50, 0.6, 0.1, 0.5, 0.7), Listing(50, 0.1, 0.1, 0.05, 0.15)


@pytest.mark.parametrize(
    ("effects", "agreement", "distrusted", "counts", "verdict", "first"),
    [
        ([effect(0.1, 0.2)], AGREES, None, OWN, "keep", "higher"),
        ([effect(0.1, 0.2), effect(-0.1, 0.2)], RANDOM, None, OWN, "keep", "higher"),
        ([effect(-0.2, -0.1)], AGREES, None, OWN, "remove", "lower"),
        ([effect(-0.2, -0.1), effect(0.1, 0.2)], AGREES, None, OWN, "undecided", "lower"),
        ([effect(-0.1, 0.1)], AGREES, None, OWN, "undecided", "is undecided"),
        ([effect(-0.1, 0.1)], None, None, OWN, "undecided", "is undecided"),
        ([effect(-0.1, 0.1)], AGREES, None, NOTHING_OWN, "remove", "adds nothing"),
        ([effect(-0.1, 0.1)], RANDOM, None, OWN, "remove", "chance"),
        ([effect(-0.1, 0.1)], AGREES, "agrees with none", OWN, "remove", "no vote"),
    ],
)
def test_what_decides(
    effects: list[Effect],
    agreement: Listing | None,
    distrusted: str | None,
    counts: dict[str, int],
    verdict: str,
    first: str,
) -> None:
    found, reasons = judge(effects, agreement, distrusted, **counts)
    assert found == verdict
    assert first in reasons[0]


def test_what_cannot_be_tried_is_told(
    graph: Graph, tmp_path: Path, rng: np.random.Generator
) -> None:
    gold = random_pairs(rng, [word.lower() for word in WORDS], 300)
    put_in(graph, random_bundle(tmp_path, 1, size=100), "s1")
    with pytest.raises(NotFound, match=r"No source is called 'nosuch'\. There are s1"):
        trial(graph, "nosuch", [gold], silent)
    with pytest.raises(UsageError, match="the only source"):
        trial(graph, "s1", [gold], silent)
    put_in(graph, causal_bundle(tmp_path, 2), "reader")
    with pytest.raises(UsageError, match="the only source"):
        trial(graph, "s1", [gold], silent)
    with pytest.raises(UsageError, match="has PRECEDES alone"):
        trial(graph, "reader", [gold], silent)
    put_in(graph, random_bundle(tmp_path, 3, size=60), "s2")
    unknown = GoldPairs("unknown", (("aaa", "bbb"),) * 30, np.arange(30.0))
    with pytest.raises(UsageError, match="0 of 30 pairs of unknown"):
        trial(graph, "s1", [unknown], silent)
    with pytest.raises(UsageError, match="no list was given"):
        trial(graph, "s1", [], silent)
    graph.write("MATCH (s:Source {name: 's2'}) SET s.state = 'loading'")
    with pytest.raises(Conflict, match="'s2' is loading"):
        trial(graph, "s2", [gold], silent)
