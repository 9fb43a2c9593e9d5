"""Places on the sphere, and text."""

from __future__ import annotations

from pathlib import Path
from typing import Unpack

from hartonomous.api.graph_session import GraphSession, PathName
from hartonomous.api.records import Distance, NearWord, SphereStep
from hartonomous.api.rows import Rows, record_of, rows_of
from hartonomous.ask.layout import placement_queries
from hartonomous.operations import placement_run, text_generation
from hartonomous.operations.placement_run import PlacementOutcome, PlacementSettings
from hartonomous.operations.text_generation import Generation, GenerationSettings


class LayoutMethods(GraphSession):
    """The graph laid out, and texts out of it."""

    def place(self, **settings: Unpack[PlacementSettings]) -> PlacementOutcome:
        """Lay the graph of all sources out on the sphere S3, and measure how much of it is kept.

        Every composition joined to the rest gets a unit quaternion and a spectral vector. Raises
        NotFound when nothing is related, Conflict when a rating pass is due, when another writer is at
        work, or for a file to save to that exists.
        """
        request = placement_run.request_placement(**settings)
        return placement_run.lay_out_graph(self._asked, request, self._progress)

    def near_on_sphere(
        self, word: str, top: int = 10, by: str = "sphere", pieces: bool = False
    ) -> Rows[NearWord]:
        """Return what lies nearest to a word, by angle in radians.

        `by`: "sphere", its four numbers, or "spectral", the whole vector. `pieces`: continuation
        pieces too. Raises NotFound for a word that is not there or has no place.
        """
        found = placement_queries.near_on_sphere(self._asked, word, top, by, pieces)
        placement_run.remark_stale(found, self._say)
        return rows_of(NearWord, found)

    def distance(self, start: str, end: str) -> Distance:
        """Return how far two words lie apart, in radians; raises as `near_on_sphere`."""
        found = placement_queries.distance(self._asked, start, end)
        placement_run.remark_stale([found], self._say)
        return record_of(Distance, found)

    def slerp(
        self, start: str, end: str, steps: int = 10, pieces: bool = False
    ) -> Rows[SphereStep]:
        """Return what lies on the shortest way along the sphere, at so many steps.

        Raises as `near_on_sphere`, and UsageError where there is no one shortest way.
        """
        found = placement_queries.slerp(self._asked, start, end, steps, pieces)
        placement_run.remark_stale(found, self._say)
        return rows_of(SphereStep, found)

    def picture(self, output: PathName, colour: str = "community") -> None:
        """Draw the placement into a file: .png, or .html that needs no network.

        `colour`: what colours tell apart, "community" or "source". Raises NotFound when nothing is
        placed, UsageError for another ending.
        """
        placement_run.draw_placement(self._asked, Path(output), colour, self._say)

    def generate(
        self, prompt: str = "", to: str | None = None, **settings: Unpack[GenerationSettings]
    ) -> Generation:
        """Go on with a prompt as the sources expect it to go on; printed, the result is the text.

        No word that a deletion took out is said. `to`: the likeliest ways from the prompt to this word
        instead of texts. The stepwise engine gives the same text for the same graph, seed and settings.
        Raises NotFound when no source expects next tokens or none knows a word of the prompt.
        """
        request = text_generation.request_generation(prompt, to, **settings)
        return text_generation.generate(self._asked, request)
