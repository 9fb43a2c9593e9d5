"""Spreading activation: from a prompt over rated edges, with the paths.

This is the vision's traverse_relations: graph traversal in place of the model's forward pass. A
prompt's words first meet names of several words: the longest run of words that is one is taken
whole. A word also leads to the names that contain it; one that no source knows leads to its pieces.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hartonomous.ask.paths.path_steps import Path, Step, explain_chains
from hartonomous.ask.relations.asked_words import COMPOSED, AskedWord, compose
from hartonomous.ask.relations.neighbourhood import unknown_word
from hartonomous.ask.relations.relation_views import View, source_numbers
from hartonomous.ask.relations.word_rows import find_words
from hartonomous.errors import UsageError
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph, Row
from hartonomous.mapping_record import Record
from hartonomous.name_words import text_words
from hartonomous.schema import HAS_WORD, MICRO

STARTS = 64
"""Most words and names of a prompt that are starts; later ones are left out and reported."""

SHARPNESS = 20
"""Activation falls to a tenth over a twentieth of a decade of cost: a step at odds of 300:1 passes on
0.6 of it, one at 10:1 a tenth. A weak step must not count like a strong one.
"""

REWEIGHED = 5
"""Of so many times the results, those that tell most are shown."""

WIDTH = 200
"""Most compositions expanded at each depth: the cheapest."""


@dataclass(frozen=True)
class Start:
    """Where activation starts: a composition, the word `of` the prompt that it is a part of, if that is
    composed, and what the step to it costs, in micro-decades.
    """

    text: str
    key: str
    of: str | None
    price: int


@dataclass(frozen=True)
class Found(Record):
    """A composition reached from the prompt.

    `score` is the activation from the prompt's words in `led_by`, by how much the composition tells.
    Over the cheapest path from a word comes the weight of the word times 10^(-20 cost); `path` is the
    cheapest of these paths.
    """

    word: str
    score: float
    led_by: tuple[str, ...]
    path: Path


@dataclass(frozen=True)
class Traversal:
    """The compositions reached from a prompt, best first; the weights of its words, from 0 to 1; its
    unknown words; the number of words left out; the parts of the words that are composed.
    """

    found: list[Found]
    weights: dict[str, float]
    unknown: tuple[str, ...]
    left_out: int
    composed: dict[str, tuple[str, ...]]


def words_of(prompt: str) -> list[str]:
    """Return the distinct words of a text, in order.

    >>> words_of("The king's men: the KING, and so-called men!")
    ['The', "king's", 'men', 'the', 'KING', 'and', 'so-called']
    """
    return list(dict.fromkeys(text_words(prompt)))


def starts_of(graph: Graph, prompt: str) -> list[str]:
    """Return the distinct words of a prompt, in order, the longest runs that are names as one."""
    words = text_words(prompt)
    runs = {row["i"]: row["n"] for row in graph.read(query("ask/find_runs"), words=words)}
    found, first = [], 0
    while first < len(words):
        end = first + runs.get(first, 1)
        found.append(" ".join(words[first:end]))
        first = end
    return list(dict.fromkeys(found))


def traverse(
    graph: Graph,
    prompt: str,
    max_depth: int = 3,
    breadth: int = 10,
    top: int = 10,
    view: View | None = None,
) -> Traversal:
    """Return the compositions reached from a prompt over rated edges, each with its path, best
    first.

    Every composition is expanded to its `breadth` highest rated neighbours, up to `max_depth` steps
    from a word of the prompt; at each depth the cheapest 200 are expanded. Before the first step, a
    word leads to the `breadth` shortest names that contain it. A word that no source knows leads to the
    words and pieces that spell it, which the procedure passes over. A word weighs as much as it tells: a
    word related to marks, letters and numbers as much as to words, or in many sentences, tells little,
    and so do results like it. Of paths with the same cost, the one
    with the lowest keys wins; cypher/ask/traverse does the same in one statement.
    Raises NotFound for an empty graph, an unknown source, or if no word of the prompt is known;
    UsageError without a word or for a limit below 1.
    """
    if max_depth < 1 or breadth < 1:
        raise UsageError("Depth and breadth must be at least 1.")
    view = view or View()
    words = starts_of(graph, prompt)
    if not words:
        raise UsageError("The prompt contains no word.")
    listed = words[:STARTS]
    found = find_words(graph, listed)
    known = {word: row for word, row in found.items() if view.admits(row["kind"])}
    told = ((word, compose(graph, word, view)) for word in listed if word not in found)
    composed = {word: one for word, one in told if one is not None}
    if not known and not composed:
        raise unknown_word(graph, listed[0])
    starts = _starts(listed, known, composed)
    weights = _telling(graph, starts)
    ways, met = _spread(graph, starts, max_depth, breadth, view)
    reached = _ranked(graph, starts, weights, ways, met, top, view)
    return Traversal(
        reached,
        {one.text: round(weights[id], 4) for id, one in starts.items()},
        tuple(word for word in listed if word not in known and word not in composed),
        len(words) - len(listed),
        {word: one.composed for word, one in composed.items()},
    )


def _starts(
    listed: Sequence[str], known: dict[str, Row], composed: dict[str, AskedWord]
) -> dict[int, Start]:
    """Return the starts by id, in the order of the prompt; a word in it is no part of another."""
    starts: dict[int, Start] = {}
    direct = {known[word]["id"] for word in known}
    for word in listed:
        if word in known:
            row = known[word]
            starts[row["id"]] = Start(row["text"], row["key"], None, 0)
        for part in composed[word].parts if word in composed else ():
            if part["id"] not in direct:
                price = composed[word].prices()[part["id"]]
                starts.setdefault(part["id"], Start(part["text"], part["key"], word, price))
    return starts


def _telling(graph: Graph, ids: Iterable[int]) -> dict[int, float]:
    """Return how much each composition tells, from 0 to 1."""
    rows = graph.read(query("ask/read_telling"), ids=list(ids))
    return {row["id"]: row["telling"] for row in rows}


Way = tuple[int, tuple[str, ...], tuple[int, ...]]
"""Cost, keys and ids of a path: of two, the smaller tuple wins. An empty key before a name says that
its word led there.
"""


def _spread(
    graph: Graph, starts: dict[int, Start], max_depth: int, breadth: int, view: View
) -> tuple[dict[int, dict[int, Way]], dict[int, Row]]:
    """Return, for each start, the cheapest path to each composition reached; and all reached
    compositions.
    """
    ways: dict[int, dict[int, Way]] = {
        start: {start: (one.price, (one.key,), (start,))} for start, one in starts.items()
    }
    leads: dict[int, list[Row]] = {}
    met: dict[int, Row] = {}
    frontier = set(starts)
    for row in graph.read(query("ask/find_names_with"), ids=sorted(starts), breadth=breadth):
        word, name = row["id"], row["other"]
        start = starts[word]
        ways[word][name] = start.price + row["cost"], (start.key, "", row["key"]), (word, name)
        met[name] = row
        frontier.add(name)
    numbers = source_numbers(graph, view)
    for _ in range(max_depth):
        rows = graph.read(
            query("ask/expand", types=view.types),
            ids=sorted(frontier - leads.keys()),
            breadth=breadth,
            numbers=numbers,
            **view.constants(),
        )
        for row in rows:
            leads.setdefault(row["id"], []).append(row)
            met[row["other"]] = row
        changed: dict[int, tuple[int, str]] = {}
        for reached in ways.values():
            for id, (cost, keys, chain) in list(reached.items()):
                for row in leads.get(id, ()) if id in frontier else ():
                    other, total = row["other"], cost + row["cost"]
                    way = total, (*keys, row["key"]), (*chain, other)
                    if other not in reached or way < reached[other]:
                        reached[other] = way
                        best = total, row["key"]
                        changed[other] = min(changed.get(other, best), best)
        frontier = set(sorted(changed, key=lambda id: changed[id])[:WIDTH])
        if not frontier:
            break
    return ways, met


def _ranked(
    graph: Graph,
    starts: dict[int, Start],
    weights: dict[int, float],
    ways: dict[int, dict[int, Way]],
    met: dict[int, Row],
    top: int,
    view: View,
) -> list[Found]:
    candidates = []
    for id, row in met.items():
        if id in starts:
            continue
        led = sorted((reached[id], start) for start, reached in ways.items() if id in reached)
        score = sum(
            weights[start] * 10.0 ** (-SHARPNESS * cost / MICRO) for (cost, *_), start in led
        )
        by = tuple(starts[start].text for start in starts if any(start == s for _, s in led))
        candidates.append((-round(score, 9), row["key"], id, row["text"], by, led[0][0]))
    first = sorted(candidates)[: REWEIGHED * top]
    telling = _telling(graph, [id for _, _, id, *_ in first])
    best = sorted((round(one[0] * telling[one[2]], 9), *one[1:]) for one in first)[:top]
    paths = _explained(graph, starts, [way for *_, way in best], view)
    return [
        Found(text, -score, by, path)
        for (score, _, _, text, by, _), path in zip(best, paths, strict=True)
    ]


def _explained(
    graph: Graph, starts: dict[int, Start], ways: Sequence[Way], view: View
) -> list[Path]:
    """Return ways as paths; first steps to a part, and from a word to a name with it, have no rating."""
    by_name = ["" in keys for _, keys, _ in ways]
    chains = [chain[named:] for (_, _, chain), named in zip(ways, by_name, strict=True)]
    found = explain_chains(graph, chains, view)
    for place, (cost, _, chain) in enumerate(ways):
        start, rest = starts[chain[0]], found[place]
        first = []
        if start.of is not None:
            first.append(Step(start.of, start.text, COMPOSED, None, None, ()))
        if by_name[place]:
            first.append(Step(start.text, rest.words[0], HAS_WORD, None, None, ()))
        if first:
            words = (*(step.start for step in first), *rest.words)
            found[place] = Path(words, cost / MICRO, rest.weakest, (*first, *rest.steps))
    return found
