"""Asked words: the compositions that the words of a question stand for."""

from __future__ import annotations

from collections.abc import Sequence

from hartonomous.ask.relations.neighbourhood import unknown_word
from hartonomous.ask.relations.relation_views import View
from hartonomous.ask.relations.word_rows import find_words
from hartonomous.errors import UsageError
from hartonomous.graph.driver import Graph, Row


def find_compositions(graph: Graph, words: Sequence[str], view: View) -> list[Row]:
    """Return the compositions of words; raises NotFound for an unknown one."""
    found = find_words(graph, words)
    for word in words:
        if word not in found:
            raise unknown_word(graph, word)
        if not view.admits(found[word]["kind"]):
            raise UsageError(
                f"{word!r} exists only as a {found[word]['kind'].lower()}; --pieces includes "
                "continuation pieces in paths."
            )
    return [found[word] for word in words]
