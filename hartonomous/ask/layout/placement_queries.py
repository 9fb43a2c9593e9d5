"""Placement queries: nearest compositions, distances, and arcs on the sphere."""

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
    """Return the compositions nearest to a word, nearest first; columns as in the Cypher file.

    `by` is the sphere or the spectral vector. Raises NotFound for an unknown word, for one without
    coordinates, or if there is no placement.
    """
    if by not in SPACES:
        raise UsageError(f"The space must be {' or '.join(SPACES)}, not {by!r}.")
    rows = graph.read(query("ask/near_on_sphere"), word=word, top=top, by=by, pieces=pieces)
    if not rows and top > 0:
        _check_placed(graph, word)
    return rows


def distance(graph: Graph, start: str, end: str) -> Row:
    """Return the distances of two words, in radians: along the sphere, 0 to pi, and between their
    spectral vectors; columns as in the Cypher file.

    Raises NotFound as near_on_sphere does.
    """
    rows = graph.read(query("ask/distance"), start=start, end=end)
    if not rows or rows[0]["distance"] is None:
        _check_placed(graph, start, end)
    return rows[0]


def slerp(graph: Graph, start: str, end: str, steps: int = 10, pieces: bool = False) -> list[Row]:
    """Return, for each step along the shortest arc between two words, the word nearest to its
    point.

    A word is reported at the step nearest to it; steps without a word are left out. `aside` is the
    word's distance from the point, in radians. Raises NotFound as near_on_sphere does, UsageError
    for two words at one point or at opposite points, where the arc is not unique.
    """
    if not 2 <= steps <= MOST_STEPS:
        raise UsageError(f"Ask for 2 to {MOST_STEPS} steps, not {steps}.")
    parameters = {"start": start, "end": end, "steps": steps, "pieces": pieces}
    rows = graph.read(query("ask/slerp"), **parameters)
    if not rows:
        apart = distance(graph, start, end)["distance"]
        if apart < 1e-6 or apart > 3.141592:
            where = "at the same point" if apart < 1 else "opposite each other"
            raise UsageError(f"{start!r} and {end!r} are {where}: the shortest arc is not unique.")
    return rows


def _check_placed(graph: Graph, *words: str) -> None:
    """Raise the error that explains why a query of placed words has no result."""
    found = [find_word(graph, word) for word in words]
    read_placement(graph)
    for word in found:
        rows = graph.read(query("layout/read_place"), key=word.key)
        if not rows or rows[0]["quaternion"] is None:
            raise NotFound(
                f"{word.text!r} has no place on the sphere: it was added later, or no relation "
                "above even odds connects it to the rest. 'hartonomous place' updates the "
                "placement."
            )
