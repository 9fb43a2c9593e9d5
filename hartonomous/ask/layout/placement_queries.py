"""Questions asked of the places: what lies near, how far, what lies on the way."""

from __future__ import annotations

from hartonomous.ask.layout.placement import read_placement
from hartonomous.ask.relations.neighbourhood import find_word
from hartonomous.errors import NotFound, UsageError
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph, Row

SPACES = ("sphere", "spectral")
MOST_STEPS = 1_000


def near_on_sphere(
    graph: Graph, word: str, top: int = 10, by: str = "sphere", pieces: bool = False
) -> list[Row]:
    """Return the compositions nearest to a word, nearest first; columns as the Cypher file says.

    `by` is the sphere or the spectral vector. Raises NotFound for a word that is not there or has
    no place, or when nothing is placed.
    """
    if by not in SPACES:
        raise UsageError(f"Near by {' or '.join(SPACES)}, not by {by!r}.")
    rows = graph.read(query("ask/near_on_sphere"), word=word, top=top, by=by, pieces=pieces)
    if not rows and top > 0:
        _check_placed(graph, word)
    return rows


def distance(graph: Graph, start: str, end: str) -> Row:
    """Return how far two words lie apart, in radians: along the sphere, from 0 to pi, and between
    their spectral vectors; columns as the Cypher file says. Raises NotFound as above."""
    rows = graph.read(query("ask/distance"), start=start, end=end)
    if not rows or rows[0]["distance"] is None:
        _check_placed(graph, start, end)
    return rows[0]


def slerp(graph: Graph, start: str, end: str, steps: int = 10, pieces: bool = False) -> list[Row]:
    """Return, for each step of the shortest way along the sphere, the word nearest to its point.

    A word counts for the step it is abreast of; a step that nothing is abreast of is left out.
    `aside` is the word's distance from the point, in radians. Raises NotFound as above, UsageError
    for two words of one point or of opposite points, between which there is no one way.
    """
    if not 2 <= steps <= MOST_STEPS:
        raise UsageError(f"Ask for 2 to {MOST_STEPS} steps, not {steps}.")
    parameters = {"start": start, "end": end, "steps": steps, "pieces": pieces}
    rows = graph.read(query("ask/slerp"), **parameters)
    if not rows:
        apart = distance(graph, start, end)["distance"]
        if apart < 1e-6 or apart > 3.141592:
            where = "at the same point" if apart < 1 else "opposite each other"
            raise UsageError(f"{start!r} and {end!r} lie {where}: no one way is the shortest.")
    return rows


def _check_placed(graph: Graph, *words: str) -> None:
    """Raise what explains why a question about placed words has no answer."""
    found = [find_word(graph, word) for word in words]
    read_placement(graph)
    for word in found:
        rows = graph.read(query("layout/read_place"), key=word.key)
        if not rows or rows[0]["quaternion"] is None:
            raise NotFound(
                f"{word.text!r} has no place on the sphere: it came later, or nothing that is held "
                "likely joins it to the rest. 'hartonomous place' lays out the graph as it is now."
            )
