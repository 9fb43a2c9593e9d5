"""Names of several words, found by their words: in prompts, in questions, and by their own text."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hartonomous.ask.paths.spreading_activation import SHARPNESS, starts_of, traverse
from hartonomous.ask.relations.neighbourhood import find_word
from hartonomous.ask.relations.question_answers import ask
from hartonomous.ask.relations.relation_views import View
from hartonomous.bundle import Bundle
from hartonomous.delete.selectors import Selectors
from hartonomous.graph.driver import Graph
from hartonomous.graph.procedures import install
from hartonomous.schema import MICRO, STEP_PRICE
from tests.building import causal_bundle, put_in, take_out
from tests.called_rows import rounded
from tests.made_names import (
    LABELS,
    SENTENCE,
    SYMBOL,
    SYMBOLS,
    TOKEN,
    WORDS,
    Name,
    bundle_of_pairs,
    random_names,
)

EVERY = View(types=("RELATES", "DESCRIBES", "CALLS"), above=0)
"""Whatever is rated, however low."""


def roads(folder: Path) -> Bundle:
    """Return a bundle of words and labels of a road."""
    pairs = [
        "traffic|jam",
        "traffic light|crossing",
        "Traffic Jam|horn",
        "ahead|behind",
        "light|lamp",
    ]
    related: list[tuple[Name, Name]] = []
    for pair in pairs:
        first, last = pair.split("|")
        related.append(((TOKEN, first), (TOKEN, last)))
    described = [((TOKEN, "jam"), (SYMBOL, "trafficLightState"))]
    return bundle_of_pairs(
        folder / "roads", {"COOCCURRENCE_EVIDENCE": related, "DESCRIBES_EVIDENCE": described}
    )


def test_a_prompt_meets_the_longest_name_first(graph: Graph, tmp_path: Path) -> None:
    put_in(graph, roads(tmp_path), "roads")
    assert starts_of(graph, "Traffic light ahead, light ahead") == [
        "Traffic light",
        "ahead",
        "light",
    ]
    answer = traverse(graph, "traffic light ahead", view=EVERY)
    found = {one.word: one for one in answer.found}
    assert found["crossing"].path.words == ("traffic light", "crossing")
    assert found["behind"].path.words == ("ahead", "behind")
    # The words of a name that was taken whole are no starts of their own.
    assert not {"jam", "lamp", "traffic", "light"} & found.keys()
    assert answer.unknown == ()


def test_a_word_leads_to_the_names_that_contain_it(graph: Graph, tmp_path: Path) -> None:
    put_in(graph, roads(tmp_path), "roads")
    found = {one.word: one for one in traverse(graph, "traffic", view=EVERY).found}
    # Three names contain it: each is as likely meant as the word itself.
    assert set(found) == {
        "jam", "traffic light", "crossing", "Traffic Jam", "horn", "trafficLightState",
    }  # fmt: skip
    share = 10 ** (-SHARPNESS * STEP_PRICE / MICRO) / 4
    assert found["traffic light"].score == pytest.approx(share, abs=1e-4)
    (step,) = found["traffic light"].path.steps
    assert (step.start, step.end, step.type) == ("traffic", "traffic light", "HAS_WORD")
    assert (step.rating, step.times, step.sources) == (None, None, ())
    assert found["crossing"].path.words == ("traffic", "traffic light", "crossing")
    assert found["crossing"].score < share
    narrow = {one.word for one in traverse(graph, "traffic", breadth=1, view=View(above=0)).found}
    assert len(narrow & {"traffic light", "Traffic Jam", "trafficLightState"}) == 1
    take_out(graph, Selectors(concepts=("traffic light",)))
    assert set(
        one.word for one in traverse(graph, "traffic", view=EVERY).found
    ) == {"jam", "Traffic Jam", "horn"}  # fmt: skip


@pytest.mark.parametrize("turn", range(3))
def test_the_procedure_answers_as_python_does(
    graph: Graph, tmp_path: Path, rng: np.random.Generator, turn: int
) -> None:
    rng = np.random.default_rng([int(rng.integers(2**31)), turn])
    for number in range(2):
        put_in(graph, random_names(tmp_path, int(rng.integers(2**31)), pairs=25), f"s{number}")
    install(graph)
    said = [*WORDS, *LABELS, *SYMBOLS]
    for breadth in (1, 3, 20):
        prompt = " ".join(["hot dog", *(said[place] for place in rng.permutation(len(said))[:7])])
        view = View(above=0)
        composed = traverse(graph, prompt, 3, breadth, 10_000, view).composed
        # The procedure passes over what Python composes.
        prompt = " ".join(word for word in starts_of(graph, prompt) if word not in composed)
        answer = traverse(graph, prompt, 3, breadth, 10_000, view)
        assert not answer.composed
        rows = graph.read(
            "CALL custom.hartonomous.traverse($prompt, 3, $breadth, 10000, 0)",
            prompt=prompt, breadth=breadth,
        )  # fmt: skip
        assert [tuple(row["path"]) for row in rows] == [one.path.words for one in answer.found]
        assert [row["led_by"] for row in rows] == [list(one.led_by) for one in answer.found]
        assert [row["score"] for row in rows] == [rounded(one.score, 4) for one in answer.found]
        assert [[n["text"] for n in row["path_nodes"]] for row in rows] == [r["path"] for r in rows]
        assert [[s["type"] for s in row["steps"]] for row in rows] == [
            [s.type for s in one.path.steps] for one in answer.found
        ]


def test_names_are_found_by_their_text_in_any_case(graph: Graph, tmp_path: Path) -> None:
    put_in(graph, roads(tmp_path), "roads")
    # A context of the same text is no answer where there is a name.
    put_in(graph, causal_bundle(tmp_path, 1, words=2, length=40, more=["traffic", "light"]), "read")
    assert graph.read("MATCH (c:Context {text: 'traffic light'}) RETURN c")
    for text in ("traffic light", "Traffic Light", "TRAFFIC LIGHT"):
        found = find_word(graph, text)
        assert (found.text, found.kind) == ("traffic light", TOKEN)
        assert found.exact == (text == "traffic light")
    assert find_word(graph, "traffic jam").text == "Traffic Jam"
    assert find_word(graph, "trafficlightstate").kind == SYMBOL


def questions(folder: Path) -> Bundle:
    """Return a bundle of sentences with their words and labels, and of questions with answers."""
    held = {
        "What does a traffic light show?": ["traffic light"],
        "How is traffic counted?": ["traffic", "counted"],
        "Which lamp gives light?": ["lamp", "light"],
    }
    answers = {
        "What does a traffic light show?": "Red, yellow or green.",
        "How is traffic counted?": "By loops in the road.",
        "Which lamp gives light?": "Every lamp.",
    }
    sentences = [((SENTENCE, s), (TOKEN, word)) for s, words in held.items() for word in words]
    asked = [((SENTENCE, q), (SENTENCE, a)) for q, a in answers.items()]
    # A label that no sentence holds takes no words away from a question.
    pictured = [((TOKEN, "traffic counted"), (TOKEN, "loop"))]
    return bundle_of_pairs(
        folder / "questions",
        {
            "SENTENCE_EVIDENCE": sentences,
            "ANSWER_EVIDENCE": asked,
            "COOCCURRENCE_EVIDENCE": pictured,
        },
    )


def test_questions_are_read_by_names_first_and_by_words_within_names(
    graph: Graph, tmp_path: Path
) -> None:
    put_in(graph, questions(tmp_path), "questions")
    whole = ask(graph, "Tell me of the Traffic light")
    assert [row["answer"] for row in whole if row["answered"]] == ["Red, yellow or green."]
    assert whole[0]["words"] == ["traffic light"]
    # A word leads to the names that contain it, by less than to itself.
    part = [row["answer"] for row in ask(graph, "traffic") if row["answered"]]
    assert part == ["By loops in the road.", "Red, yellow or green."]
    assert "By loops in the road." in {row["answer"] for row in ask(graph, "traffic counted")}

    def encode(texts: object) -> np.ndarray:
        return np.tile(np.array([[1.0, 0.0]], dtype=np.float32), (len(list(texts)), 1))  # type: ignore[call-overload]

    encoded = ask(graph, "Tell me of the traffic light", encode=encode)
    shown = {row["answer"]: row["words"] for row in encoded if row["answered"]}
    assert shown["Red, yellow or green."] == ["traffic light"]
