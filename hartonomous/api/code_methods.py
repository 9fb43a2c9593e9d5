"""Queries about code."""

from __future__ import annotations

from pathlib import Path

from hartonomous.api.graph_session import GraphSession, PathName
from hartonomous.api.row_records import (
    Call,
    CodeLayer,
    DependencyCycle,
    Dependent,
    Hotspot,
    UnresolvedCall,
    UnusedSymbol,
)
from hartonomous.api.rows import Rows, rows_of
from hartonomous.ask.code import code_structure, symbol_calls
from hartonomous.operations.unresolved_calls import unresolved_calls


class CodeMethods(GraphSession):
    """Queries about symbols of code."""

    def callers(self, symbol: str, top: int = 100, source: str | None = None) -> Rows[Call]:
        """Return what calls a symbol, and where.

        `symbol`: the text of a symbol or its last parts. `top`: number of results. `source`: only what
        this source says. Raises NotFound for an unknown symbol, UsageError for a name of several.
        """
        return rows_of(Call, symbol_calls.callers(self._asked, symbol, top, source))

    def callees(self, symbol: str, top: int = 100, source: str | None = None) -> Rows[Call]:
        """Return what a symbol calls, and where.

        `symbol`, `top`, `source` and errors as for `callers`.
        """
        return rows_of(Call, symbol_calls.callees(self._asked, symbol, top, source))

    def impact(self, symbol: str, hops: int = 5, source: str | None = None) -> Rows[Dependent]:
        """Return what calls a symbol or inherits from it, and what does so to these, hop by hop.

        `hops`: most hops. `symbol`, `source` and errors as for `callers`.
        """
        return rows_of(Dependent, symbol_calls.impact(self._asked, symbol, hops, source))

    def unused(self, source: str, top: int = 100) -> Rows[UnusedSymbol]:
        """Return definitions that nothing in a source uses, with what speaks against it.

        `top`: number of results. Raises NotFound for an unknown source.
        """
        return rows_of(UnusedSymbol, code_structure.unused(self._asked, source, top))

    def cycles(self, source: str, relation: str = "IMPORTS") -> Rows[DependencyCycle]:
        """Return groups of symbols of a source that depend on each other.

        `relation`: "IMPORTS", "CALLS" or "INHERITS". Raises NotFound for an unknown source.
        """
        chosen = code_structure.relation_of(relation)
        return rows_of(DependencyCycle, code_structure.cycles(self._asked, source, chosen))

    def layers(self, source: str, relation: str = "IMPORTS") -> Rows[CodeLayer]:
        """Return the layers of a source, the lowest first.

        `relation` and errors as for `cycles`.
        """
        chosen = code_structure.relation_of(relation)
        return rows_of(CodeLayer, code_structure.layers(self._asked, source, chosen))

    def unresolved(
        self, folder: PathName, top: int = 100, rev: str | None = None
    ) -> Rows[UnresolvedCall]:
        """Return the calls in a folder of code that are not resolved, which are no evidence.

        `top`: number of results. `rev`: commit, branch or tag to read. Raises BadInput if the folder
        holds no code.
        """
        return rows_of(UnresolvedCall, unresolved_calls(Path(folder), top, rev))

    def hotspots(self, source: str, top: int = 20) -> Rows[Hotspot]:
        """Return the symbols of a source that most calls run through.

        `top`: number of results. Raises NotFound for an unknown source.
        """
        return rows_of(Hotspot, code_structure.hotspots(self._asked, source, top))
