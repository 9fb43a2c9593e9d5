"""How words hang together: paths, trees, reach, communities; most of it by Graph Data Science."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Unpack

from hartonomous.api.graph_session import GraphSession
from hartonomous.api.records import ProjectionFacts, ScoredWord
from hartonomous.api.rows import Rows, field_names, rows_of
from hartonomous.ask.paths import (
    communities,
    graph_libraries,
    projections,
    spreading_activation,
    word_paths,
)
from hartonomous.ask.paths.communities import Community
from hartonomous.ask.paths.spreading_activation import Traversal
from hartonomous.ask.paths.word_paths import Path, Reached, Tree
from hartonomous.operations.questions import ViewSettings, request_view

if TYPE_CHECKING:
    import networkx


class Projections:
    """What the server keeps in memory for the next question."""

    def __init__(self, session: GraphSession) -> None:
        self._session = session

    def list(self) -> Rows[ProjectionFacts]:
        """Return the projections there are; what is stale goes with the next question."""
        return rows_of(ProjectionFacts, projections.projections(self._session._asked))

    def drop(self) -> tuple[str, ...]:
        """Give the memory back and return the names; the next question projects anew."""
        return tuple(projections.drop_all(self._session._asked))


class PathMethods(GraphSession):
    """Questions that go over many pairs.

    `view` says which pairs: see ViewSettings.
    """

    def path(self, start: str, end: str, k: int = 3, **view: Unpack[ViewSettings]) -> Rows[Path]:
        """Return the likeliest `k` ways from one word to another, edge by edge, cheapest first.

        A path costs the sum over its edges of minus the logarithm of their probability. Raises
        NotFound for a word that is not there or where no way leads, ServerError where Graph Data
        Science is not installed.
        """
        return Rows(
            word_paths.path(self._asked, start, end, k, request_view(**view)), field_names(Path)
        )

    def bridge(self, *words: str, **view: Unpack[ViewSettings]) -> Tree:
        """Return the words that join the given ones most cheaply into one tree; raises as `path`."""
        return word_paths.bridge(self._asked, words, request_view(**view))

    def between(
        self, start: str, end: str, top: int = 10, **view: Unpack[ViewSettings]
    ) -> Rows[Reached]:
        """Return what lies between two words, the words near both of them; raises as `path`."""
        found = word_paths.between(self._asked, start, end, top, request_view(**view))
        return Rows(found, field_names(Reached))

    def reach(self, word: str, top: int = 10, **view: Unpack[ViewSettings]) -> Rows[Reached]:
        """Return what is within reach of a word: where a walk from it spends its time.

        Raises as `path`.
        """
        found = word_paths.reach(self._asked, word, top, request_view(**view))
        if not found:
            self._say(f"{word!r} is there, but no pair of it meets these conditions.")
        return Rows(found, field_names(Reached))

    def traverse(
        self,
        prompt: str,
        depth: int = 3,
        breadth: int = 5,
        top: int = 10,
        **view: Unpack[ViewSettings],
    ) -> Traversal:
        """Return what the words of a prompt lead to over rated edges, with the paths.

        `depth`: steps at most. `breadth`: how many words each word leads on to. Raises NotFound when
        no source knows a word of it.
        """
        settings = request_view(**view)
        return spreading_activation.traverse(self._asked, prompt, depth, breadth, top, settings)

    def communities(
        self,
        top: int = 20,
        of: str | None = None,
        members: int = 8,
        resolution: float = 1.0,
        **view: Unpack[ViewSettings],
    ) -> Rows[Community]:
        """Return words that hang together more than with others, named by their centre.

        `of`: only the community of this word. `members`: words of each. `resolution`: higher gives
        more and smaller ones. Raises ServerError where Graph Data Science is not installed.
        """
        found = communities.communities(
            self._asked, top, members, of, request_view(**view), resolution
        )
        return Rows(found, field_names(Community))

    def central(self, top: int = 10, **view: Unpack[ViewSettings]) -> Rows[ScoredWord]:
        """Return the words that a walk over all pairs keeps coming back to (PageRank)."""
        return rows_of(ScoredWord, communities.central(self._asked, top, request_view(**view)))

    def hubs(self, top: int = 10, **view: Unpack[ViewSettings]) -> Rows[ScoredWord]:
        """Return the words that most others are related to; `score` is in times the mean."""
        return rows_of(ScoredWord, communities.hubs(self._asked, top, request_view(**view)))

    def outliers(self, top: int = 10, **view: Unpack[ViewSettings]) -> Rows[ScoredWord]:
        """Return the words that hang together with the others least; `score` is in decades of odds."""
        return rows_of(ScoredWord, communities.outliers(self._asked, top, request_view(**view)))

    def to_networkx(
        self, *words: str, depth: int = 1, breadth: int = 25, **view: Unpack[ViewSettings]
    ) -> networkx.MultiGraph[str]:
        """Return what lies around some words, and every rated pair among it, for NetworkX.

        Each composition leads on to the `breadth` it is rated highest with, `depth` steps away.
        Edges have `rating` and `elo` in points, `cost` in micro-decades, `times` and `sources`. Raises
        NotFound for a word that is not there.
        """
        return graph_libraries.to_networkx(
            self._asked, *words, depth=depth, breadth=breadth, view=request_view(**view)
        )

    def to_py2neo(
        self, *words: str, depth: int = 1, breadth: int = 25, **view: Unpack[ViewSettings]
    ) -> Any:
        """Return what `to_networkx` does as a py2neo Subgraph, a copy to read.

        Raises ServerError when the extra `py2neo` is not installed.
        """
        return graph_libraries.to_py2neo(
            self._asked, *words, depth=depth, breadth=breadth, view=request_view(**view)
        )

    @property
    def projections(self) -> Projections:
        """Return what the server keeps in memory: `projections.list()`, `projections.drop()`."""
        return Projections(self)
