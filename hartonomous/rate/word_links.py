"""Word links: edges from names of several words to those words, derived from the texts alone.

An edge exists exactly when both ends do. Whoever creates a composition marks what may be a name, so
that a graph without names pays nothing. A pass writes what is missing, in both directions: the
words of new names, and the names of new words; edges of removed compositions go with these.
"""

from __future__ import annotations

from itertools import islice

import numpy as np

from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph, in_parts
from hartonomous.graph.writer_lock import WriterLock
from hartonomous.name_words import READING, linked_words

NAMES = 1_000
"""Names in one transaction; more would keep too many words locked."""


def link_words(graph: Graph, lock: WriterLock) -> int:
    """Read the names of several words, and link every name to its words; return the new links.

    One writer: two would wait for each other's words. Repeating it changes nothing.
    """
    _mark(graph, lock)
    phrases = (row[0] for row in graph.stream(query("rate/find_phrases")))
    ids = np.fromiter(phrases, dtype=np.int64).tolist()
    statement = query("rate/link_words")
    return sum(lock.write(statement, ids=part)[0]["linked"] for part in in_parts(ids, NAMES))


def _mark(graph: Graph, lock: WriterLock) -> None:
    """Read the words of new names, or of all where another version read them."""
    rows = graph.read(query("rate/read_reading"))
    anew = not rows or rows[0]["reading"] != READING
    names = graph.stream(query("rate/find_names") if anew else query("rate/find_new_names"))
    while part := list(islice(names, NAMES)):
        lock.write(
            query("rate/mark_phrases"),
            ids=[id for id, _, _ in part],
            words=[list(linked_words(text, kind)) for _, text, kind in part],
        )
    if anew:
        lock.write(query("rate/note_reading"), reading=READING)
