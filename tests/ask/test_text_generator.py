"""Text from the graph: what is drawn is the interpolated distribution, and nothing banned comes out."""

from __future__ import annotations

import json
from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from hartonomous.ask.generation.next_token_model import GENERATING, NextTokenModel
from hartonomous.ask.generation.text_generator import (
    LANDING,
    LONGEST_PROMPT,
    GenerateOptions,
    Generator,
    Step,
    explain_step,
    finished,
    repeating,
)
from hartonomous.ask.generation.token_sampling import Filters
from hartonomous.cli import main
from hartonomous.delete.deletion import delete
from hartonomous.delete.output_filter import removed_words
from hartonomous.delete.selectors import Selectors
from hartonomous.errors import NotFound, UsageError
from hartonomous.graph.driver import Graph
from hartonomous.graph.writer_lock import WriterLock
from tests.building import causal_bundle, put_in, random_bundle, silent
from tests.tiny_transformers import reading_bundle

PLAIN = GenerateOptions(
    length=12, filters=Filters(1.0, None, 1.0), look_ahead=False, no_repeat=0, plain=False
)


@pytest.fixture
def two(graph: Graph, tmp_path: Path) -> Graph:
    for seed in (1, 2):
        put_in(graph, causal_bundle(tmp_path, seed), f"causal-{seed}")
    return graph


def words(generator: Generator, steps: list[Step]) -> list[str]:
    return [generator.expecting.texts[step.token] for step in steps]


def test_the_same_seed_writes_the_same_text(two: Graph) -> None:
    options = GenerateOptions(length=20, seed=5)
    texts = []
    for _ in range(2):
        generator = Generator(NextTokenModel(two), None)
        given = generator.prompt(generator.expecting.texts[0])
        texts.append([list(generator.stream(given, options, sample)) for sample in range(3)])
    assert texts[0] == texts[1]
    assert len({tuple(step.token for step in steps) for steps in texts[0]}) > 1
    other = list(generator.stream(given, GenerateOptions(length=20, seed=6)))
    assert other != texts[0][0]


def test_draws_follow_the_interpolated_distribution(two: Graph) -> None:
    generator = Generator(NextTokenModel(two), None)
    given = [0, 1]
    expected = generator.expecting.shares(given, GENERATING)
    times = 4_000
    drawn = Counter(next(generator.stream(given, PLAIN, sample)).token for sample in range(times))
    found = np.array([drawn[token] for token in range(len(expected))]) / times
    # Six standard deviations and a little: a failure once in 10^7 runs.
    assert (np.abs(found - expected) < 6 * np.sqrt(expected / times) + 2 / times).all()


def test_look_ahead_weighs_where_a_token_leads(two: Graph) -> None:
    generator = Generator(NextTokenModel(two), None)
    given = [2, 3]
    shares = generator.expecting.shares(given, GENERATING)
    shares = shares * LANDING[generator.expecting.landings(given)]
    greedy = GenerateOptions(length=1, filters=Filters(0.0), no_repeat=0, plain=False)
    (step,) = generator.stream(given, greedy)
    assert step.token == int(shares.argmax())


def test_an_explanation_adds_up_and_names_its_sources(two: Graph) -> None:
    expecting = NextTokenModel(two)
    generator = Generator(expecting, None)
    steps = list(generator.stream([0], PLAIN))
    for step in steps:
        parts = explain_step(expecting, step)
        whole = expecting.shares(step.context, GENERATING)[step.token]
        assert sum(part["share"] for part in parts) == pytest.approx(whole)
        assert {part["source"] for part in parts} <= {"causal-1", "causal-2", None}
    alone = NextTokenModel(two, without_sources=("causal-2",))
    for step in Generator(alone, None).stream([0], PLAIN):
        sources = {part["source"] for part in explain_step(alone, step)}
        assert sources <= {"causal-1", None}


def test_nothing_banned_and_nothing_repeated_comes_out(two: Graph) -> None:
    generator = Generator(NextTokenModel(two), None)
    banned = generator.expecting.texts[3]
    options = GenerateOptions(length=40, ban=(banned.upper(),), no_repeat=2, seed=1)
    for sample in range(5):
        steps = list(generator.stream([0], options, sample))
        tokens = [0, *(step.token for step in steps)]
        assert banned not in words(generator, steps)
        pairs = list(pairwise(tokens))
        assert len(pairs) == len(set(pairs))


def test_repeating_tells_what_would_come_twice() -> None:
    assert repeating([1, 2, 3, 1, 2], 3) == [3]
    assert repeating([1, 2, 1], 2) == [2]
    assert repeating([4], 3) == []
    assert sorted(repeating([4, 5], 1)) == [4, 5]


def test_stops_end_a_text(two: Graph) -> None:
    generator = Generator(NextTokenModel(two), None)
    stop = generator.expecting.texts[5]
    for sample in range(20):
        steps = list(generator.stream([0], GenerateOptions(stop=(stop,), seed=9), sample))
        assert stop not in words(generator, steps[:-1])


def test_beams_find_what_greedy_may_miss(two: Graph) -> None:
    generator = Generator(NextTokenModel(two), None)
    options = GenerateOptions(length=6, look_ahead=False, no_repeat=0, plain=False)

    def likelihood(steps: list[Step]) -> float:
        return sum(np.log(step.probability) for step in steps)

    one, many = generator.beam([0], options, 1), generator.beam([0], options, 24)
    assert likelihood(many) >= likelihood(one)
    assert generator.beam([0], options, 24) == many
    with pytest.raises(UsageError, match="beam"):
        generator.beam([0], options, 0)


def test_a_deleted_word_is_not_said_nor_spelt(graph: Graph, tmp_path: Path) -> None:
    text = "king queen kings queen kings bank king queen king river kings lake " * 4
    put_in(graph, reading_bundle(tmp_path, text, 3), "reader")
    before = Generator(NextTokenModel(graph), None)
    spelt = before.prompt("kings")
    assert len(spelt) > 1, "the word has to be made of pieces for this test to say anything"
    with WriterLock(graph, "test") as lock:
        delete(graph, lock, Selectors(concepts=("king",)), silent)
    after = Generator(NextTokenModel(graph), removed_words(graph))
    options = GenerateOptions(length=60, filters=Filters(3.0, None, 1.0), plain=False, no_repeat=0)
    said = ""
    for sample in range(20):
        steps = list(after.stream(after.prompt("queen"), options, sample))
        said += f" {finished(after, 'queen', after.prompt('queen'), steps).text}"
    assert "king" not in said.split()
    assert after.expecting.number("Token", "king") == -1
    spelling = [after.expecting.number("Token", "k")]
    spelling += [after.expecting.number("Piece", f"##{letter}") for letter in "ing"]
    assert min(spelling) >= 0
    assert after.detokenizer.completes_removed_word(spelling[:-1], spelling[-1])
    assert not after.detokenizer.completes_removed_word(spelling[:-2], spelling[-2])


@pytest.mark.parametrize("wrong", [{"length": 0}, {"length": 10**6}, {"no_repeat": -1}])
def test_options_that_make_no_sense_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(UsageError):
        GenerateOptions(**wrong)  # type: ignore[arg-type]


def test_prompts_nobody_understands(two: Graph) -> None:
    generator = Generator(NextTokenModel(two), None)
    with pytest.raises(NotFound, match="spells"):
        generator.prompt("qqqq zzzz")
    with pytest.raises(UsageError, match="characters"):
        generator.prompt("x" * (LONGEST_PROMPT + 1))
    known = generator.expecting.texts[0]
    assert generator.prompt(known + " " + "q" * 50_000)[0] == 0
    assert generator.prompt("") == []
    assert list(generator.stream([], GenerateOptions(length=3)))


def test_a_graph_that_expects_nothing_says_so(graph: Graph, tmp_path: Path) -> None:
    put_in(graph, random_bundle(tmp_path, 1), "vectors")
    with pytest.raises(NotFound, match="--tracks next"):
        NextTokenModel(graph)


def test_commands_mark_what_is_generated(served: Graph, tmp_path: Path) -> None:
    put_in(served, causal_bundle(tmp_path, 1), "causal")
    word = NextTokenModel(served).texts[0]

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(main, ["generate", word, "--length", "8", *arguments])

    streamed = run()
    assert streamed.stdout.startswith(word)
    assert "Generated text, from causal." in streamed.stderr
    assert run().stdout == streamed.stdout
    told = json.loads(run("--json", "--explain", "--samples", "2").stdout)
    assert told["marker"]["generated"] is True
    assert told["marker"]["sources"] == ["causal"]
    assert len(told["texts"]) == 2
    assert all(token["parts"] for token in told["texts"][0]["tokens"])
    assert "causal" in run("--explain").stdout
    assert run("--beam", "3").exit_code == 0
    for wrong in (["--temperature", "nan"], ["--temperature", "-1"], ["--samples", "0"]):
        assert run(*wrong).exit_code == 2
    assert run("--without-source", "causal").exit_code == 3
    assert run("--only-sources", "nobody").exit_code == 3
