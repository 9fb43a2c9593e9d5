"""Word links: edges from names of several words to those words, derived from the texts alone.

An edge exists exactly when both ends do. Whoever creates a composition marks what may be a name, so
that a graph without names pays nothing. A pass writes what is missing, in both directions: the
words of new names, and the names of new words; edges of removed compositions go with these.
"""

from __future__ import annotations

from itertools import islice

import numpy as np
from numpy.typing import NDArray

from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph, in_parts
from hartonomous.graph.writer_lock import WriterLock
from hartonomous.name_words import READING, linked_words

NAMES = 1_000
"""Names in one transaction; more would keep too many words locked."""


FEW = 100
"""Compositions on the work list up to which only the names that they concern are looked at."""


def link_words(graph: Graph, lock: WriterLock, starts: NDArray[np.int64]) -> int:
    """Read the names of several words, and link them to their words; return the new links.

    `starts` (n,) int64 are the database ids on the work list, among which are all new compositions.
    One writer: two would wait for each other's words. Repeating it changes nothing.
    """
    new, anew = _mark(graph, lock)
    if anew or len(starts) > FEW:
        found = [row[0] for row in graph.stream(query("rate/find_phrases"))]
    else:
        rows = graph.stream(query("rate/find_phrases_with"), ids=starts.tolist())
        found = sorted({*new, *(row[0] for row in rows)})
    statement = query("rate/link_words")
    return sum(lock.write(statement, ids=part)[0]["linked"] for part in in_parts(found, NAMES))


def _mark(graph: Graph, lock: WriterLock) -> tuple[list[int], bool]:
    """Read the words of new names, or of all where another version read them; return the database
    ids of those read, and whether all were.
    """
    found: list[int] = []
    rows = graph.read(query("rate/read_reading"))
    anew = not rows or rows[0]["reading"] != READING
    names = graph.stream(query("rate/find_names") if anew else query("rate/find_new_names"))
    while part := list(islice(names, NAMES)):
        found += [id for id, _, _ in part]
        lock.write(
            query("rate/mark_phrases"),
            ids=[id for id, _, _ in part],
            words=[list(linked_words(text, kind)) for _, text, kind in part],
        )
    if anew:
        lock.write(query("rate/note_reading"), reading=READING)
    return found, anew
