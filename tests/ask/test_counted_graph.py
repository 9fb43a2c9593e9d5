"""A graph of counted evidence alone: what was only seen together is found like anything else."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from hartonomous.ask.layout.placement import place, read_placed
from hartonomous.ask.paths.communities import communities
from hartonomous.ask.paths.spreading_activation import traverse
from hartonomous.ask.paths.word_paths import path
from hartonomous.ask.relations.affinity import contested
from hartonomous.ask.relations.explanation import explain
from hartonomous.ask.relations.neighbourhood import neighbours
from hartonomous.ask.relations.source_statistics import stats
from hartonomous.ask.relations.word_rows import consensus_rows, find_words
from hartonomous.bundle import Bundle
from hartonomous.cli import main
from hartonomous.counted_rows import counted_rows, margins
from hartonomous.errors import UsageError
from hartonomous.evaluate.ablation import trial
from hartonomous.evaluate.advice import advise
from hartonomous.evaluate.source_contribution import ONLY_COUNTED, contributions
from hartonomous.evaluate.source_subsets import read_panel
from hartonomous.evaluate.word_similarity import GoldPairs, evaluate
from hartonomous.graph.driver import Graph
from hartonomous.identity import composition_key
from hartonomous.schema import MICRO, TrackConstants, evidence_type
from tests.building import WORDS, causal_bundle, put_in, silent
from tests.counted_evidence import SEEN_TOGETHER, counted_source, judgements

CHOSEN = sorted(
    [word for word in WORDS if word.isalpha()][:60], key=lambda word: composition_key("Token", word)
)
TOPIC = 12
"""Words of one topic; its last word is also of the next."""


def corpus(folder: Path, name: str, seed: int, contexts: int = 3000) -> Bundle:
    """Return a corpus whose texts each are of one of five topics that hang together."""
    rng, kind = np.random.default_rng(seed), evidence_type(SEEN_TOGETHER)
    seen = np.zeros((2, len(CHOSEN), len(CHOSEN)), dtype=np.int64)
    for context in range(contexts):
        first = int(rng.integers(5)) * TOPIC
        topic = np.arange(first, first + TOPIC + 1) % len(CHOSEN)
        low, high = np.sort(rng.choice(topic, 2, replace=False))
        seen[context % 2, low, high] += 1
    start, end = np.nonzero(seen.sum(axis=0))
    n, half = seen.sum(axis=0)[start, end], seen[0][start, end]
    counts = {"start": start, "end": end, "n": n, "weight": n * MICRO, "half": half}
    among, total = margins(kind, start, end, n)
    constants = TrackConstants(1, 0, len(CHOSEN), total)
    table = counted_rows(kind, counts | among, constants)
    return counted_source(folder / name, kind, table, constants, CHOSEN)


@pytest.fixture
def counted(graph: Graph, tmp_path: Path) -> Graph:
    for seed in (1, 2):
        put_in(graph, corpus(tmp_path, f"corpus-{seed}", seed), f"corpus-{seed}")
    return graph


def test_pairs_that_were_only_counted_are_found(counted: Graph) -> None:
    first, second = CHOSEN[1], CHOSEN[2]
    rows = neighbours(counted, first, top=99)
    ours = {row["neighbour"] for row in rows if row["consensus"] > 1500}
    assert set(CHOSEN[:TOPIC]) - {first} <= ours
    assert {row["type"] for row in rows} == {"RELATES"}
    assert explain(counted, first, second).relation["decades"] > 0
    # Two topics have one word in common, over which alone they hang together.
    (way, *_) = path(counted, CHOSEN[1], CHOSEN[TOPIC + 2], k=1)
    assert way.words == (CHOSEN[1], CHOSEN[TOPIC], CHOSEN[TOPIC + 2])
    found = traverse(counted, first, max_depth=2, breadth=20, top=99).found
    assert CHOSEN[TOPIC + 2] in {one.word for one in found}
    parts = communities(counted, top=9, members=99)
    assert len(parts) == 5
    for one in parts:
        at = [CHOSEN.index(word) for word in one.words]
        assert len({place // TOPIC for place in at if place % TOPIC}) == 1
    assert stats(counted).relations_by_type == {"RELATES": stats(counted).relations}
    told = contested(counted, first, 99)
    assert told and {told[0]["most"], told[0]["least"]} == {"corpus-1", "corpus-2"}


def test_words_that_were_only_counted_have_places(counted: Graph) -> None:
    place(counted, 8, silent)
    placed = read_placed(counted)
    assert len(placed.keys) == len(CHOSEN)
    spectral = placed.spectral / np.linalg.norm(placed.spectral, axis=1)[:, None]
    at = [list(placed.keys).index(composition_key("Token", word)) for word in CHOSEN]
    near = (spectral @ spectral.T)[np.ix_(at, at)]
    topic = np.arange(len(CHOSEN)) // TOPIC
    same = topic[:, None] == topic[None, :]
    assert near[same].mean() > 0.5 > near[~same].mean()


def test_sources_that_only_counted_are_advised_on_and_tried(
    counted: Graph, tmp_path: Path, rng: np.random.Generator
) -> None:
    chosen = [rng.choice(len(CHOSEN), 2, replace=False) for _ in range(120)]
    pairs = tuple((CHOSEN[a], CHOSEN[b]) for a, b in chosen)
    meant = np.array([float(a // TOPIC == b // TOPIC) for a, b in chosen])
    gold = GoldPairs("topics", pairs, meant + 0.01 * rng.normal(size=len(pairs)))
    found = {one.source: one for one in contributions(counted, [gold])}
    assert found.keys() == {"corpus-1", "corpus-2"}
    for one in found.values():
        assert (one.words, one.only_words) == (len(CHOSEN), 0)
        assert one.pairs > one.only_pairs >= 0 and one.vote > 0 and one.gains
        assert ONLY_COUNTED in one.remarks
    # What is computed for any set of sources is, for all of them, what the graph has.
    words = find_words(counted, CHOSEN)
    ours, _ = read_panel(counted, words, CHOSEN).rows({"corpus-1": 1, "corpus-2": 1})
    theirs = consensus_rows(counted, words)
    both = [np.array([[rows.said(*np.array([[rows.place[a]], [rows.place[b]]]), np.zeros(1, np.int64))[0]
                       for b in CHOSEN] for a in CHOSEN]) for rows in (ours, theirs)]  # fmt: skip
    assert (both[0] == both[1]).all()
    tried = trial(counted, "corpus-1", [gold], silent)
    assert tried.words == len(CHOSEN) and tried.only_words == 0 and tried.agreement is not None
    assert tried.agreement.listed > tried.agreement.by_chance
    rated = evaluate(counted, [gold]).correlations
    assert {"corpus-1 cooccurrence", "affinity"} <= {one.score for one in rated}
    new = advise(counted, corpus(tmp_path, "corpus-3", 3), [gold])
    assert new.likeness == () and "only counted" in " ".join(new.reasons)
    assert (new.words, new.new_words) == (len(CHOSEN), 0)
    # What relates nothing by RELATES cannot be judged, and says so.
    put_in(counted, causal_bundle(tmp_path, 4), "reader")
    with pytest.raises(UsageError, match="'reader' has PRECEDES alone; a trial measures RELATES"):
        trial(counted, "reader", [gold], silent)
    with pytest.raises(UsageError, match="this one has PRECEDES alone"):
        advise(counted, causal_bundle(tmp_path / "again", 5))
    (reader,) = (one for one in contributions(counted) if one.source == "reader")
    assert reader.adds and reader.remarks == ["not judged: it has PRECEDES alone"]


def test_the_commands_tell_types_and_what_was_rejected(
    counted: Graph, served: Graph, tmp_path: Path
) -> None:
    runner, (first, second) = CliRunner(), CHOSEN[1:3]
    told = runner.invoke(main, ["neighbours", first, "--types", "RELATES,PRECEDES", "--top", "3"])
    assert told.exit_code == 0 and "relation" in told.stdout and "RELATES" in told.stdout
    plain = runner.invoke(main, ["neighbours", first, "--top", "3"])
    assert "RELATES" not in plain.stdout
    said = runner.invoke(main, ["explain", first, second])
    assert said.exit_code == 0 and "cooccurrence" in said.stdout
    assert "against" not in said.stdout and "directed" not in said.stdout
    none = runner.invoke(main, ["explain", first, second, "--type", "PRECEDES"])
    assert none.exit_code == 3
    assert f"No live source relates {first!r} to {second!r} by PRECEDES. There is" in none.stderr
    wrong = runner.invoke(main, ["contested", first, "--type", "KNOWS"])
    assert wrong.exit_code == 2 and "No rated type is called 'KNOWS'" in wrong.stderr
    assert runner.invoke(main, ["contested", first]).exit_code == 0
    gone = ["delete", "relation", first, second, "--type", "RELATES", "--plan"]
    assert "relations lost" in runner.invoke(main, gone).stdout
    assert "relations by type" in runner.invoke(main, ["stats"]).stdout
    bundle = corpus(tmp_path / "again", "corpus-1", 1)
    put_in(counted, judgements(tmp_path, bundle, {(1, 2): (1, 3)}, "ann"), "ann")
    told = runner.invoke(main, ["explain", first, second])
    assert re.search(r"^against +3 of [\d,]+ times rejected$", told.stdout, re.MULTILINE)
    assert re.search(r"^ann +judgement +1 +3 ", told.stdout, re.MULTILINE)
    assert "Judgements add to the odds" in told.stderr
