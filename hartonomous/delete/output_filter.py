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
from hartonomous.load.concept_match import Wanted
from hartonomous.load.suppression_list import Suppressions
from hartonomous.schema import TOKEN


def removed_words(graph: Graph) -> Callable[[str], bool] | None:
    """Return a predicate for words that must not be emitted; None if there are none."""
    deleted = _deleted(graph)
    known = Suppressions(graph)
    if not deleted and not known:
        return None

    def is_removed(word: str) -> bool:
        if any(wanted.is_in(word, TOKEN) for wanted in deleted):
            return True
        row = {"key": [composition_key(TOKEN, word)], "text": [word], "kind": [TOKEN]}
        return bool(known.mask(pa.table(row))[0])

    return is_removed


def _deleted(graph: Graph) -> list[Wanted]:
    """Return the concepts of active deletions."""
    chosen = [one.selectors for one in undoable(graph) if one.selectors.get("concepts")]
    return [Wanted.of(one["concepts"], bool(one.get("any_case"))) for one in chosen]
