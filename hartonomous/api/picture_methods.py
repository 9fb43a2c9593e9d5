"""Queries about pictures and about what sees them."""

from __future__ import annotations

from os import fspath

from hartonomous.api.graph_session import GraphSession, PathName, path_of
from hartonomous.ask.pictures.detector_comparison import DetectorComparison, compare_detectors
from hartonomous.ask.pictures.image_concepts import ImageConcepts
from hartonomous.operations import picture_questions


class PictureMethods(GraphSession):
    """Queries about pictures."""

    def image_to_concepts(
        self, picture: PathName, detector: PathName | None = None, top: int = 10
    ) -> ImageConcepts:
        """Return what a picture shows, with the sources that say so.

        `picture`: a file, or a picture of the graph by its key or by its file's name within what was
        ingested. `detector`: a model to find things in the file; without it, what the sources say that
        saw these pixels, else what the pictures of the graph show that are like it. Raises NotFound for
        an unknown picture, UsageError for a name of several, BadInput for a file that is no picture.
        """
        return picture_questions.image_to_concepts(
            self._asked, fspath(picture), path_of(detector), top, self._say
        )

    def detectors(self, first: str, second: str, top: int = 10) -> DetectorComparison:
        """Return where two sources disagree over the pictures that both saw, by label and by relation.

        `top`: number of labels, and of relations. Raises NotFound for an unknown source, or if no
        picture was seen by both.
        """
        return compare_detectors(self._asked, first, second, top)
