"""Analogies: how often the first answer to "A is to B as C is to what" is right, in the graph and by
dense vectors over the same words.

Questions are read at run time and used for measurement only; nothing is tuned on them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest

from hartonomous.ask.relations.affinity import analogy
from hartonomous.ask.relations.word_rows import find_words
from hartonomous.errors import BadInput, NotFound, UsageError
from hartonomous.evaluate.word_similarity import LARGEST, SEED, Dense, gensim_file
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph
from hartonomous.mapping_record import Record
from hartonomous.progress import Progress, unseen

GENSIM = "questions-words.txt"

Question = tuple[str, str, str, str]
"""A, B, C and the right answer, in lower case."""


@dataclass(frozen=True)
class AnalogyScore(Record):
    """The share of questions whose first answer is right, with the 95 % interval (Wilson 1927).

    `words` is the number of words that an answer is chosen from.
    """

    score: str
    questions: int
    words: int
    right: float
    low: float
    high: float


def read_questions(path: Path | None) -> tuple[Question, ...]:
    """Return the questions of a file: four words a line, headings with a colon, as those of Google
    (Mikolov et al. 2013), which gensim has and which None stands for.

    Raises NotFound if there is no such file, BadInput for an invalid one.
    """
    path = path or gensim_file(GENSIM)
    if not path.is_file():
        raise NotFound(f"There is no file of analogies at {path}.")
    if path.stat().st_size > LARGEST:
        raise BadInput(f"{path} is larger than {LARGEST >> 20} MiB; it is not a list of analogies.")
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise BadInput(f"{path} is not UTF-8: {error}.") from error
    found: list[Question] = []
    for number, line in enumerate(lines, 1):
        words = line.lower().split()
        if not words or words[0].startswith((":", "#")):
            continue
        if len(words) != 4:
            raise BadInput(f"{path}, line {number}: expected four words, got {line[:60]!r}.")
        found.append((words[0], words[1], words[2], words[3]))
    return tuple(found)


def evaluate_analogies(
    graph: Graph,
    questions: Sequence[Question],
    dense: Mapping[str, Dense] | None = None,
    most: int = 300,
    progress: Progress = unseen,
) -> list[AnalogyScore]:
    """Return how often the first answer is right: of the graph, and of dense vectors if given.

    Asked are `most` of the questions whose four words the graph and all dense models know, whole words
    as the latter should be, drawn with a fixed seed; one without any answer counts as wrong. Dense
    vectors answer by 3CosAdd and by 3CosMul over the words of the graph that their model knows. Raises
    UsageError if no question can be asked.
    """
    asked = _drawn(_answerable(graph, questions, dense or {}), most)
    words = [row["text"] for row in graph.read(query("ask/read_words"))]
    right = 0
    for done, (first, second, third, answer) in enumerate(asked, 1):
        right += _first_answer(graph, first, second, third) == answer
        progress("analogies", done, len(asked))
    found = [_score("analogy", right, len(asked), len(words))]
    for name, vectors in (dense or {}).items():
        found += _dense_scores(name, vectors, words, asked)
    return found


def _first_answer(graph: Graph, first: str, second: str, third: str) -> str | None:
    try:
        (best,) = analogy(graph, first, second, third, top=1)
    except NotFound:
        return None
    return str(best["answer"]).lower()


def _answerable(
    graph: Graph, questions: Sequence[Question], dense: Mapping[str, Dense]
) -> list[Question]:
    every = sorted({word for question in questions for word in question})
    known = set(find_words(graph, every))
    for vectors in dense.values():
        there = vectors(every)[1]
        known &= {word for word, has in zip(every, there, strict=True) if has}
    found = [question for question in questions if known.issuperset(question)]
    if not found:
        raise UsageError("No analogy can be asked: the graph knows all four words of none.")
    return found


def _drawn(questions: list[Question], most: int) -> list[Question]:
    chosen = np.random.default_rng(SEED).permutation(len(questions))[:most]
    return [questions[place] for place in sorted(chosen.tolist())]


def _dense_scores(
    name: str, vectors: Dense, words: Sequence[str], asked: Sequence[Question]
) -> list[AnalogyScore]:
    found, known = vectors(words)
    texts = [word for word, has in zip(words, known, strict=True) if has]
    unit = _unit(found[known])
    # A spelling of a word of the question in another case is no answer, as in the graph.
    places: dict[str, list[int]] = {}
    for row, text in enumerate(texts):
        places.setdefault(text.lower(), []).append(row)
    right = np.zeros(2, dtype=np.int64)
    for question in asked:
        rows = _unit(vectors(question)[0][:3])
        likeness = rows @ unit.T
        # Cosines are moved to 0 to 1 before they are multiplied, as Levy and Goldberg 2014 do.
        first, second, third = (1 + likeness) / 2
        for way, scores in enumerate(
            (likeness[1] + likeness[2] - likeness[0], second * third / (first + 0.001))
        ):
            for word in question[:3]:
                scores[places.get(word, [])] = -np.inf
            right[way] += texts[int(scores.argmax())].lower() == question[3]
    titles = ("3CosAdd", "3CosMul")
    return [
        _score(f"{name}, {title}", int(count), len(asked), len(texts))
        for title, count in zip(titles, right, strict=True)
    ]


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.where(lengths > 0, lengths, 1), dtype=np.float32)


def _score(name: str, right: int, count: int, words: int) -> AnalogyScore:
    bounds = binomtest(right, count).proportion_ci(method="wilson")
    share = right / count
    return AnalogyScore(name, count, words, share, float(bounds.low), float(bounds.high))
