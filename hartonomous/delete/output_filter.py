"""Output filter: words that deletions removed and generation must not emit.

A deleted word's token is gone, but pieces may spell it; so text is filtered word by word. A
deletion that can be undone is recognised by its words, an erasure by keyed hashes alone.
"""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa

from hartonomous.delete.retention_area import undoable
from hartonomous.graph.driver import Graph
from hartonomous.identity import composition_key
from hartonomous.load.concept_match import contains_concept, word_sequences
from hartonomous.load.suppression_list import Suppressions
from hartonomous.schema import TOKEN


def removed_words(graph: Graph) -> Callable[[str], bool] | None:
    """Return a predicate for words that must not be emitted; None if there are none."""
    deleted = _deleted(graph)
    known = Suppressions(graph)
    if not deleted and not known:
        return None

    def is_removed(word: str) -> bool:
        if any(
            contains_concept(word.lower() if fold else word, TOKEN, wanted)
            for wanted, fold in deleted
        ):
            return True
        row = {"key": [composition_key(TOKEN, word)], "text": [word], "kind": [TOKEN]}
        return bool(known.mask(pa.table(row))[0])

    return is_removed


def _deleted(graph: Graph) -> list[tuple[frozenset[tuple[str, ...]], bool]]:
    """Return the concepts of active deletions, and whether each is case-insensitive."""
    found = []
    for one in undoable(graph):
        fold = bool(one.selectors.get("any_case"))
        for concept in one.selectors.get("concepts", ()):
            found.append((word_sequences(concept.lower() if fold else concept), fold))
    return found
