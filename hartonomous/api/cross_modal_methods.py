"""Queries between texts and pictures."""

from __future__ import annotations

from os import fspath

from hartonomous.api.graph_session import GraphSession, PathName
from hartonomous.ask.pictures import cross_modal_answers
from hartonomous.ask.pictures.cross_modal_answers import ImageTexts, TextImages


class CrossModalMethods(GraphSession):
    """Queries between texts and pictures."""

    def text_to_images(self, text: str, top: int = 10) -> TextImages:
        """Return the pictures of a word, a phrase or a caption, the surest first, and who says so.

        Texts that contain its words count, and its words, each said of a picture or of one of its
        features. Where nothing matches, there are no images and a reason. `top`: number of results. Raises NotFound for an unknown text.
        """
        return cross_modal_answers.text_to_images(self._asked, text, top)

    def image_to_text(self, picture: PathName, top: int = 10) -> ImageTexts:
        """Return the words, phrases and captions of a picture, the surest first, and who says so.

        `picture`: a file, or a picture of the graph by its key or by its file's name within what was
        ingested; a file for which no source speaks is told by pictures of the graph that are like it.
        Where nothing matches, there are no texts and a reason. Raises NotFound for an unknown picture,
        UsageError for a name of several, BadInput for a file that is no picture.
        """
        return cross_modal_answers.image_to_text(self._asked, fspath(picture), top)
