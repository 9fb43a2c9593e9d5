"""Queries about what code does: by intent, by shape, from one language into another."""

from __future__ import annotations

from hartonomous.api.graph_session import GraphSession
from hartonomous.api.row_records import CloneGroup, DescribedCode, IntentWord, LikeCode, SameShape
from hartonomous.api.rows import Rows, rows_of
from hartonomous.ask.code import code_intent, code_shapes


class CodeShapeMethods(GraphSession):
    """Queries about what code does."""

    def intent_to_code(self, text: str, top: int = 10) -> Rows[DescribedCode]:
        """Return the functions that a sentence describes, the likeliest first.

        Raises UsageError for a sentence without words, NotFound if no code is described by any of them.
        """
        return rows_of(DescribedCode, code_intent.intent_to_code(self._asked, text, top))

    def code_to_intent(self, symbol: str, top: int = 10) -> Rows[IntentWord]:
        """Return the words that tell what a function is for, the most telling first.

        `symbol`: its whole text, or how only one ends. Raises NotFound for an unknown symbol, UsageError
        for a name of several.
        """
        return rows_of(IntentWord, code_intent.code_to_intent(self._asked, symbol, top))

    def same_shape(self, symbol: str, top: int = 10) -> Rows[SameShape]:
        """Return code that has the shape of a function, or of a loop or branch in it.

        `symbol`: its whole text, or how only one ends. Raises NotFound for an unknown symbol, UsageError
        for a name of several.
        """
        return rows_of(SameShape, code_shapes.same_shape(self._asked, symbol, top))

    def translate(self, symbol: str, to: str, top: int = 5) -> Rows[LikeCode]:
        """Return the functions of another language that are likest to a function.

        `symbol`: its whole text, or how only one ends. `to`: a language, such as `go`. Raises NotFound for an
        unknown symbol, UsageError for a name of several.
        """
        return rows_of(LikeCode, code_shapes.translate(self._asked, symbol, to, top))

    def clones(self, source: str, top: int = 20) -> Rows[CloneGroup]:
        """Return functions of a code base, of one language, that have one shape, the longest first.

        Raises NotFound for an unknown source.
        """
        return rows_of(CloneGroup, code_shapes.clones(self._asked, source, top))
