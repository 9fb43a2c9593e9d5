"""Path steps: chains of compositions as paths, each step with its rating and sources as the reason."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from hartonomous.ask.relations.asked_words import COMPOSED, AskedWord
from hartonomous.ask.relations.relation_views import View
from hartonomous.errors import Conflict
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph, Row
from hartonomous.mapping_record import Record
from hartonomous.schema import MICRO


@dataclass(frozen=True)
class Step(Record):
    """One rated edge of a path, in the direction of the path.

    `rating` is the consensus, or elo for types without one; `times` the number of observations.
    From a word to a name that contains it, of type HAS_WORD, there is neither, nor between what no
    source knows and a part of it, of type COMPOSED.
    """

    start: str
    end: str
    type: str
    rating: int | None
    times: int | None
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Path(Record):
    """A path between words: `cost` in decades, the sum over its steps, and the rating of its `weakest`
    step, None without a rated one.

    A step costs a hundredth and log10(1 + 10^(-D)), D the odds of its pair in decades. `composed` has
    the parts of what it begins or ends with that no source knows.
    """

    words: tuple[str, ...]
    cost: float
    weakest: int | None
    steps: tuple[Step, ...]
    composed: tuple[str, ...] = ()


def explain_chains(graph: Graph, chains: Sequence[Sequence[int]], view: View) -> list[Path]:
    """Return chains of composition ids as paths, each step with its rating and sources.

    Raises Conflict if a pair is no longer rated.
    """
    texts = texts_of(graph, {id for chain in chains for id in chain})
    pairs = sorted({pair for chain in chains for pair in pairwise(chain)})
    explained = dict(zip(pairs, _explained(graph, pairs, view), strict=True))
    found = []
    for chain in chains:
        rows = [explained[pair] for pair in pairwise(chain)]
        cost = sum(row["cost"] for row in rows) / MICRO
        words = tuple(texts[id] for id in chain)
        found.append(Path(words, cost, _weakest(rows), tuple(map(_step, rows))))
    return found


def joined(there: Path, back: Path) -> Path:
    """Return a path to a middle word, continued by the reverse of another path to it."""
    rest = turned(back)
    steps = there.steps + rest.steps
    return Path(there.words + rest.words[1:], there.cost + back.cost, _weakest(steps), steps)


def from_asked(path: Path, asked: AskedWord, part: int) -> Path:
    """Return a path that begins at a part of an asked word, given by its id, as one from the word."""
    if not asked.composed:
        return path
    text = path.words[0]
    step = Step(asked.text, text, COMPOSED, None, None, ())
    cost = asked.prices()[part] / MICRO + path.cost
    return Path((asked.text, *path.words), cost, path.weakest, (step, *path.steps))


def marked(path: Path, *asked: AskedWord) -> Path:
    """Return the path with what the asked words are composed of."""
    return replace(path, composed=tuple(part for one in asked for part in one.composed))


def turned(path: Path) -> Path:
    """Return the path in the other direction, for relations that have none."""
    steps = tuple(
        Step(step.end, step.start, step.type, step.rating, step.times, step.sources)
        for step in reversed(path.steps)
    )
    return Path(path.words[::-1], path.cost, path.weakest, steps)


def explain_steps(
    graph: Graph, pairs: Sequence[tuple[int, int]], view: View
) -> tuple[list[Step], int]:
    """Return pairs of composition ids as steps, and their cost in micro-decades; raises Conflict as
    `explain_chains`.
    """
    rows = _explained(graph, pairs, view)
    return [_step(row) for row in rows], sum(row["cost"] for row in rows)


def _explained(graph: Graph, pairs: Sequence[tuple[int, int]], view: View) -> list[Row]:
    rows = graph.read(
        query("ask/read_steps", types=view.types),
        pairs=[list(pair) for pair in pairs],
        **view.constants(),
    )
    if len(rows) < len(pairs):
        raise Conflict("The graph changed during the query. Ask again.")
    return rows


def _step(row: Row) -> Step:
    return Step(
        row["start"], row["end"], row["type"], row["rating"], row["times"], tuple(row["sources"])
    )


def _weakest(steps: Iterable[Row | Step]) -> int | None:
    return min((step["rating"] for step in steps if step["rating"] is not None), default=None)


def texts_of(graph: Graph, ids: Iterable[int]) -> dict[int, str]:
    """Return the texts of compositions by id."""
    rows = graph.read(query("ask/read_compositions_by_id"), ids=list(ids))
    return {row["id"]: row["text"] for row in rows}
