"""The placement on the sphere, and text generation."""

from __future__ import annotations

from pathlib import Path
from typing import Unpack

from hartonomous.api.graph_session import GraphSession, PathName
from hartonomous.api.row_records import Distance, NearWord, SphereStep
from hartonomous.api.rows import Rows, record_of, rows_of
from hartonomous.ask.layout import placement_queries
from hartonomous.operations import placement_run, text_generation
from hartonomous.operations.placement_run import PlacementOutcome, PlacementSettings
from hartonomous.operations.text_generation import Generation, GenerationSettings


class LayoutMethods(GraphSession):
    """Placement and text generation."""

    def place(self, **settings: Unpack[PlacementSettings]) -> PlacementOutcome:
        """Compute coordinates of all words on the sphere S3, and measure their quality.

        Every composition of the largest component gets a unit quaternion and a spectral vector. Raises
        NotFound for a graph without relations, Conflict if a rating pass is due, another writer is
        active, or the `save` file exists without `force`.
        """
        request = placement_run.request_placement(**settings)
        return placement_run.lay_out_graph(self._asked, request, self._progress, self._say)

    def near_on_sphere(
        self, word: str, top: int = 10, by: str = "sphere", pieces: bool = False
    ) -> Rows[NearWord]:
        """Return the words nearest to a word on the sphere, by angle in radians.

        `by`: "sphere", the point on the sphere, or "spectral", the spectral vector. `pieces`: include
        continuation pieces (##ing). Raises NotFound for a word that is unknown or has no coordinates.
        """
        found = placement_queries.near_on_sphere(self._asked, word, top, by, pieces)
        placement_run.remark_stale(found, self._say)
        return self._captioned(rows_of(NearWord, found))

    def distance(self, start: str, end: str) -> Distance:
        """Return the distance of two words on the sphere, in radians; raises as `near_on_sphere`."""
        found = placement_queries.distance(self._asked, start, end)
        placement_run.remark_stale([found], self._say)
        return record_of(Distance, found)

    def slerp(
        self, start: str, end: str, steps: int = 10, pieces: bool = False
    ) -> Rows[SphereStep]:
        """Return the words along the shortest arc, one for each of `steps` steps.

        Raises as `near_on_sphere`, and UsageError if the shortest arc is not unique.
        """
        found = placement_queries.slerp(self._asked, start, end, steps, pieces)
        placement_run.remark_stale(found, self._say)
        return self._captioned(rows_of(SphereStep, found))

    def picture(self, output: PathName, colour: str = "community") -> None:
        """Draw the placement into a file: .png, .svg, or a self-contained .html.

        `colour`: the meaning of the colours, "community" or "source". Raises NotFound without a
        placement, UsageError for another suffix.
        """
        placement_run.draw_placement(self._asked, Path(output), colour, self._say)

    def generate(
        self, prompt: str = "", to: str | None = None, **settings: Unpack[GenerationSettings]
    ) -> Generation:
        """Generate text from a prompt by next-token evidence; printed, the result is the text.

        Words of the output filter are not emitted. `to`: instead of texts, find the most probable
        paths from the prompt to this word. The stepwise engine is deterministic for a graph, seed and
        settings. Raises NotFound if no source has next-token evidence or none knows a word of the
        prompt.
        """
        request = text_generation.request_generation(prompt, to, **settings)
        return text_generation.generate(self._asked, request)
