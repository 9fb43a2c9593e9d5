"""What comes next, interpolated: against plain Python over the exported evidence."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from hartonomous.ask.generation.next_token_model import SCORING, NextTokenModel
from hartonomous.ask.generation.prompt_cache import PromptCache
from hartonomous.bundle import Bundle
from hartonomous.errors import BadInput, NotFound
from hartonomous.evaluate.next_token_evaluation import RUN, evaluate_next
from hartonomous.extract.extraction import open_model
from hartonomous.extract.importer_protocol import OpenOptions, ReadText
from hartonomous.graph.driver import Graph
from hartonomous.schema import ANYTHING, MICRO, ORDERS
from tests.building import exported, put_in, random_bundle, silent
from tests.tiny_transformers import reading_bundle, tiny

TEXTS = {
    "one": "king queen river bank money crown king queen river lake",
    "two": "king queen river bank money throne prince creek lake king queen",
}


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Bundle]:
    folder = tmp_path_factory.mktemp("expecting")
    made = {
        name: reading_bundle(folder / name, text, seed)
        for seed, (name, text) in enumerate(TEXTS.items())
    }
    return {**made, "three": random_bundle(folder, 3)}


class Plain:
    """The same distribution from the lines of the export, a term at a time."""

    def __init__(self, graph: Graph, sources: set[str]) -> None:
        self.n: dict[str, int] = defaultdict(int)
        self.weight: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        names: dict[str, str] = {}
        self.tokens: set[str] = set()
        for line in exported(graph):
            row = json.loads(line)
            if row["record"] == "composition":
                names[row["key"]] = row["text"]
            elif row["record"] == "visit" and row["source"] in sources:
                self.n[names[row["context"]]] += row["n"]
            elif (
                row["record"] == "evidence"
                and row["type"] == "NEXT_EVIDENCE"
                and row["source"] in sources
            ):
                start, end = names[row["start"]], names[row["end"]]
                self.weight[start][end] += row["weight"]
                self.tokens |= {end} | (
                    {start} if " " not in start and start != ANYTHING else set()
                )

    def shares(self, context: list[str]) -> dict[str, float]:
        shares = {token: 1 / len(self.tokens) for token in self.tokens}
        for order in range(min(ORDERS, len(context)) + 1):
            name = " ".join(context[len(context) - order :]) or ANYTHING
            if not self.n[name]:
                continue
            total = self.n[name] + SCORING[order]
            missing = self.n[name] - sum(self.weight[name].values()) / MICRO
            for token in shares:
                shares[token] *= (missing + SCORING[order]) / total
                shares[token] += self.weight[name][token] / MICRO / total
        return shares


CONTEXTS = [
    ["king"],
    ["king", "queen"],
    ["bank", "money"],
    ["king", "queen", "river", "bank"],
    ["throne", "prince", "creek", "lake"],
    ["lake", "lake"],
    [],
]


@pytest.mark.parametrize("sources", [{"one", "two"}, {"one"}, {"two"}])
def test_it_is_the_interpolation_of_what_the_sources_say(
    graph: Graph, bundles: dict[str, Bundle], sources: set[str]
) -> None:
    for name, bundle in bundles.items():
        put_in(graph, bundle, name)
    plain = Plain(graph, sources)
    expecting = NextTokenModel(graph, without_sources={"one", "two"} - sources)
    assert set(expecting.texts) == plain.tokens
    expecting.prefetch([numbers(expecting, words) for words in CONTEXTS])
    for words in CONTEXTS:
        shares = expecting.shares(numbers(expecting, words))
        assert abs(shares.sum() - 1) < 1e-9
        expected = plain.shares(words)
        np.testing.assert_allclose(shares, [expected[t] for t in expecting.texts], atol=1e-9)
        landings = dict(
            zip(expecting.texts, expecting.landings(numbers(expecting, words)), strict=True)
        )
        for token in plain.tokens:
            longest = [*words, token][-ORDERS:]
            while not plain.n[" ".join(longest)]:
                longest = longest[1:]
            assert landings[token] == len(longest)


def numbers(expecting: NextTokenModel, words: list[str]) -> list[int]:
    return [expecting.number("Token", word) for word in words]


def test_leaving_a_source_out_is_as_if_it_were_not_there(
    graph: Graph, bundles: dict[str, Bundle]
) -> None:
    put_in(graph, bundles["two"], "two")
    alone = NextTokenModel(graph)
    put_in(graph, bundles["one"], "one")
    for without in (
        NextTokenModel(graph, without_sources=["one"]),
        NextTokenModel(graph, only_sources=["two"]),
    ):
        assert without.sources == ["two"]
        assert without.keys == alone.keys
        for words in CONTEXTS:
            context = numbers(alone, words)
            assert (without.shares(context) == alone.shares(context)).all()
            assert (without.landings(context) == alone.landings(context)).all()
    both = NextTokenModel(graph)
    king = numbers(both, ["king", "queen"])
    assert (both.shares(king) != alone.shares(king)).any()


def test_a_source_that_is_not_there_or_expects_nothing_is_told(
    graph: Graph, bundles: dict[str, Bundle]
) -> None:
    put_in(graph, bundles["three"], "three")
    with pytest.raises(NotFound, match="--tracks next"):
        NextTokenModel(graph)
    put_in(graph, bundles["one"], "one")
    with pytest.raises(NotFound, match="one, three"):
        NextTokenModel(graph, without_sources=["two"])
    with pytest.raises(NotFound, match="--tracks next"):
        NextTokenModel(graph, without_sources=["one"])


def test_states_are_read_once(
    graph: Graph, bundles: dict[str, Bundle], monkeypatch: pytest.MonkeyPatch
) -> None:
    put_in(graph, bundles["one"], "one")
    expecting = NextTokenModel(graph)
    asked: list[list[str]] = []
    read = Graph.read
    monkeypatch.setattr(
        Graph, "read", lambda self, q, **p: (asked.append(p.get("keys", [])), read(self, q, **p))[1]
    )
    context = numbers(expecting, ["king", "queen", "river"])
    expecting.shares(context)
    assert len(asked) == 1
    expecting.shares(context)
    expecting.shares(context[1:])
    assert len(asked) == 1
    expecting.landings(context)
    expecting.landings(context)
    assert len(asked) == 2
    again = NextTokenModel(graph)
    again.read_on(context)
    expected = expecting.shares(context), expecting.landings(context)
    asked.clear()
    assert (again.shares(context) == expected[0]).all()
    assert (again.landings(context) == expected[1]).all()
    again.read_on(context)
    assert not asked


def test_text_is_spelt_by_its_longest_pieces(graph: Graph, bundles: dict[str, Bundle]) -> None:
    put_in(graph, bundles["one"], "one")
    expecting = NextTokenModel(graph)
    found = [expecting.texts[n] if n >= 0 else None for n in expecting.spelt("kings queen ab 7x")]
    assert found == ["king", "##s", "queen", "a", "##b", None, "##x"]


def test_what_was_said_becomes_likelier() -> None:
    cache = PromptCache()
    shares = np.full(10, 0.1)
    assert (cache.mixed(shares) == shares).all()
    for token in (3, 4, 5, 3):
        cache.add(token)
    mixed = cache.mixed(shares)
    assert abs(mixed.sum() - 1) < 1e-12
    assert mixed.argmax() == 4
    assert mixed[3] > mixed[6]
    cache.add(-1)
    assert abs(cache.mixed(shares).sum() - 1) < 1e-12


def test_what_followed_two_tokens_counts_more_than_what_followed_one() -> None:
    cache = PromptCache()
    for token in (1, 2, 3, -1, 9, 2, 4, -1, 1, 2):
        cache.add(token)
    mixed = cache.mixed(np.full(10, 0.1))
    # 2 was followed by 3 and 4 once each, but only 3 came after 1 and 2.
    said = {1: 2, 2: 3, 3: 1, 4: 1, 9: 1}
    expected = np.full(10, 0.1 * 0.9)
    for token, times in said.items():
        expected[token] += 0.1 * times / 8
    expected *= 0.9
    expected[[3, 4]] += 0.1 / 2
    expected *= 0.8
    expected[3] += 0.2
    assert np.allclose(mixed, expected, atol=1e-15)
    cache.break_off()
    assert cache.mixed(np.full(10, 0.1)).argmax() == 2


@pytest.fixture
def model_reading(tmp_path: Path) -> Iterator[tuple[list[str], list[ReadText]]]:
    path = tiny(tmp_path / "m", "llama", causal_head=True)
    model = open_model(str(path), OpenOptions(tracks=frozenset({"next"})))
    keys = model.vocabulary.compositions["key"].to_pylist()
    paragraphs = [TEXTS["one"], "lake bank 7 king queen prince"]
    yield keys, list(model.counted[0].read(paragraphs, silent))


def test_scores_are_those_of_plain_python(
    graph: Graph, bundles: dict[str, Bundle], model_reading: tuple[list[str], list[ReadText]]
) -> None:
    put_in(graph, bundles["one"], "one")
    expecting = NextTokenModel(graph)
    keys, read = model_reading
    result = evaluate_next(expecting, keys, read)
    scores = {score.score: score for score in result.scores}
    agreed, among, divergence, surprise, own_surprise = [], [], [], [], []
    place = {key: number for number, key in enumerate(expecting.keys)}
    for part in read:
        for i in range(len(part.tokens) - 1):
            if part.tokens[i] < 0 or part.tokens[i + 1] < 0:
                continue
            context = [place[keys[t]] if t >= 0 else -1 for t in part.tokens[max(0, i - 3) : i + 1]]
            ours = dict(zip(expecting.keys, expecting.shares(context), strict=True))
            theirs = part.shares[i].astype(float) / part.shares[i].astype(float).sum()
            ranked = sorted(keys, key=lambda key: -ours[key])
            best = keys[int(theirs.argmax())]
            agreed.append(ranked[0] == best)
            among.append(best in ranked[:5])
            divergence.append(
                sum(p * np.log(p / ours[k]) for p, k in zip(theirs, keys, strict=True))
            )
            surprise.append(-np.log(ours[keys[part.tokens[i + 1]]]))
            own_surprise.append(-np.log(theirs[part.tokens[i + 1]]))
    found = scores["contexts"]
    assert found.places == len(agreed) == 12
    assert found.top_1 == pytest.approx(np.mean(agreed))
    assert found.top_5 == pytest.approx(np.mean(among))
    assert found.divergence == pytest.approx(np.mean(divergence))
    assert found.perplexity == pytest.approx(np.exp(np.mean(surprise)))
    assert result.model_perplexity == pytest.approx(np.exp(np.mean(own_surprise)))
    # All ten tokens of what was read are a run of known contexts; the other text is none.
    assert result.copied == pytest.approx(10 / 16)
    assert RUN <= 10
    # The model that was read is expected better by the contexts it was read in.
    assert scores["last token"].divergence > found.divergence


def test_a_text_of_strangers_is_refused(graph: Graph, bundles: dict[str, Bundle]) -> None:
    put_in(graph, bundles["one"], "one")
    part = ReadText(np.array([-1, -1]), np.full((2, 1), 0.5, dtype=np.float32), 0)
    with pytest.raises(BadInput, match="no position"):
        evaluate_next(NextTokenModel(graph), [NextTokenModel(graph).keys[0]], [part])


def test_a_model_may_know_tokens_that_the_graph_does_not(
    graph: Graph, bundles: dict[str, Bundle]
) -> None:
    put_in(graph, bundles["one"], "one")
    expecting = NextTokenModel(graph)
    keys = [*expecting.keys, "strange"]
    shares = np.full((3, len(keys)), 1 / len(keys), dtype=np.float32)
    part = ReadText(np.array([0, len(keys) - 1, 1]), shares, 0)
    result = evaluate_next(expecting, keys, [part])
    assert {score.places for score in result.scores} == {2}
    assert all(np.isfinite([score.divergence, score.perplexity]).all() for score in result.scores)
