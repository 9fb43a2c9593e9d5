"""Paths, trees, PageRank, communities; most of it by Graph Data Science."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Unpack

from hartonomous.api.graph_session import GraphSession
from hartonomous.api.row_records import ProjectionFacts, ScoredWord
from hartonomous.api.rows import Rows, field_names, rows_of
from hartonomous.ask.paths import (
    communities,
    graph_libraries,
    projections,
    spreading_activation,
    word_paths,
)
from hartonomous.ask.paths.communities import Community
from hartonomous.ask.paths.path_steps import Path
from hartonomous.ask.paths.spreading_activation import Traversal
from hartonomous.ask.paths.word_paths import Between, Reached, Tree
from hartonomous.graph.driver import Row
from hartonomous.operations.questions import ViewSettings, remark_composed, request_view

if TYPE_CHECKING:
    import networkx


class Projections:
    """Projections in the memory of Graph Data Science."""

    def __init__(self, session: GraphSession) -> None:
        self._session = session

    def list(self) -> Rows[ProjectionFacts]:
        """Return the projections; stale ones are dropped by the next query."""
        return rows_of(ProjectionFacts, projections.projections(self._session._asked))

    def drop(self) -> tuple[str, ...]:
        """Drop all projections and return their names; the next query creates a new one."""
        return tuple(projections.drop_all(self._session._asked))


class PathMethods(GraphSession):
    """Queries over many relations.

    `view` restricts the relations: see ViewSettings.
    """

    def path(self, start: str, end: str, k: int = 3, **view: Unpack[ViewSettings]) -> Rows[Path]:
        """Return the `k` cheapest paths from one word to another, cheapest first.

        A step costs a hundredth of a decade, and more the weaker its relation is. What no source knows
        leads to its parts, by steps of type COMPOSED.
        Raises NotFound for an unknown word or if there is no path, ServerError without Graph Data
        Science.
        """
        chosen = request_view(**view)
        found = word_paths.path(self._asked, start, end, k, chosen)
        remark_composed(self._asked, (start, end), found[0].composed, self._say, chosen)
        return self._captioned(Rows(found, field_names(Path)))

    def bridge(self, *words: str, **view: Unpack[ViewSettings]) -> Tree:
        """Return the cheapest tree of relations connecting the words; raises as `path`."""
        chosen = request_view(**view)
        found = word_paths.bridge(self._asked, words, chosen)
        remark_composed(self._asked, words, found.composed, self._say, chosen)
        return found

    def between(
        self,
        start: str,
        end: str,
        top: int = 10,
        all: bool = False,
        **view: Unpack[ViewSettings],
    ) -> Rows[Between]:
        """Return the words near both of two words, best first; raises as `path`.

        `all`: include texts that nobody reads as words, and those that one source of several knows.
        """
        chosen = request_view(**view)
        found = word_paths.between(self._asked, start, end, top, chosen, all)
        remark_composed(
            self._asked, (start, end), found[0].path.composed if found else (), self._say, chosen
        )
        return self._captioned(Rows(found, field_names(Between)))

    def reach(self, word: str, top: int = 10, **view: Unpack[ViewSettings]) -> Rows[Reached]:
        """Return the words of highest PageRank from a word; raises as `path`."""
        chosen = request_view(**view)
        found = word_paths.reach(self._asked, word, top, chosen)
        remark_composed(
            self._asked, [word], found[0].path.composed if found else (), self._say, chosen
        )
        if not found:
            self._say(f"{word!r} is in the graph, but no pair of it meets these conditions.")
        return self._captioned(Rows(found, field_names(Reached)))

    def traverse(
        self,
        prompt: str,
        depth: int = 3,
        breadth: int = 10,
        top: int = 10,
        **view: Unpack[ViewSettings],
    ) -> Traversal:
        """Spread activation from a prompt over relations; return the words reached, with the paths.

        The longest run of words that is a name, such as `traffic light`, is taken whole; a word also
        leads to the names that contain it. Words that tell little, such as "the", weigh little. `depth`:
        most steps. `breadth`: neighbours followed from
        each word. A word that no source knows is composed of pieces. Raises NotFound if no source knows
        a word of the prompt or its pieces.
        """
        settings = request_view(**view)
        return spreading_activation.traverse(self._asked, prompt, depth, breadth, top, settings)

    def communities(
        self,
        top: int = 20,
        of: str | None = None,
        members: int = 8,
        level: int | None = None,
        resolution: float | None = None,
        within: str | None = None,
        all: bool = False,
        **view: Unpack[ViewSettings],
    ) -> Rows[Community]:
        """Return communities of words, each named by the words that set it apart.

        `of`: only the community of this word. `within`: those inside the community of this word, one
        level up. `members`: words listed per community. `level`: 1 and up, each with communities of
        about a quarter of the size; by default one of sizes to survey. `resolution`: that of Leiden instead of a level; higher values give
        more, smaller communities. `all`: include texts that nobody reads as words. Raises ServerError
        without Graph Data Science.
        """
        chosen = communities.resolution_of(level) if resolution is None else resolution
        found = communities.communities(
            self._asked, top, members, of, request_view(**view), chosen, within, everything=all
        )
        return self._captioned(Rows(found, field_names(Community)))

    def central(
        self, top: int = 10, all: bool = False, **view: Unpack[ViewSettings]
    ) -> Rows[ScoredWord]:
        """Return the words of highest PageRank.

        `all`: include texts that nobody reads as words, and those that one source of several knows.
        """
        return self._surveyed(communities.central, top, all, view)

    def hubs(
        self, top: int = 10, all: bool = False, **view: Unpack[ViewSettings]
    ) -> Rows[ScoredWord]:
        """Return the words with the most neighbours; `score` is in multiples of the mean.

        `all`: include texts that nobody reads as words, and those that one source of several knows.
        """
        return self._surveyed(communities.hubs, top, all, view)

    def outliers(
        self, top: int = 10, all: bool = False, **view: Unpack[ViewSettings]
    ) -> Rows[ScoredWord]:
        """Return the most weakly connected words; `score` is in decades of odds.

        `all`: include texts that nobody reads as words, and those that one source of several knows.
        """
        return self._surveyed(communities.outliers, top, all, view)

    def _surveyed(
        self, survey: Callable[..., list[Row]], top: int, all: bool, view: ViewSettings
    ) -> Rows[ScoredWord]:
        found = survey(self._asked, top, request_view(**view), all)
        return self._captioned(rows_of(ScoredWord, found))

    def to_networkx(
        self, *words: str, depth: int = 1, breadth: int = 25, **view: Unpack[ViewSettings]
    ) -> networkx.MultiGraph[str]:
        """Return the compositions around some words, and all relations among them, for NetworkX.

        From each composition, the `breadth` relations of highest rating are followed, up to `depth`
        steps. Edges have `rating` and `elo` in points, `cost` in micro-decades, `times` and `sources`.
        Raises NotFound for an unknown word.
        """
        return graph_libraries.to_networkx(
            self._asked, *words, depth=depth, breadth=breadth, view=request_view(**view)
        )

    def to_py2neo(
        self, *words: str, depth: int = 1, breadth: int = 25, **view: Unpack[ViewSettings]
    ) -> Any:
        """Return the graph of `to_networkx` as a py2neo Subgraph, a read-only copy.

        Raises ServerError without the extra `py2neo`.
        """
        return graph_libraries.to_py2neo(
            self._asked, *words, depth=depth, breadth=breadth, view=request_view(**view)
        )

    @property
    def projections(self) -> Projections:
        """Return the projections: `projections.list()`, `projections.drop()`."""
        return Projections(self)
