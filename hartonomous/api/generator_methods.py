"""Queries about pictures that image generators make."""

from __future__ import annotations

from os import fspath

from hartonomous.api.graph_session import GraphSession, PathName, path_of
from hartonomous.api.row_records import ImageFeature
from hartonomous.api.rows import Rows, rows_of
from hartonomous.ask.pictures import generated_pictures
from hartonomous.ask.pictures.generated_pictures import ImageAnswer, PromptAnswer
from hartonomous.operations import contact_sheets


class GeneratorMethods(GraphSession):
    """Queries about generated pictures."""

    def text_to_image(self, text: str, top: int = 10, sheet: PathName | None = None) -> ImageAnswer:
        """Return what pictures of a text look like, and those of the graph that look most like it.

        By the effects of the text's words on measured features. `top`: number of features, and of
        pictures. `sheet`: PNG file to draw these into, of which the home has thumbnails. Raises
        NotFound if no generator was asked for any word of the text.
        """
        return contact_sheets.show_text(self._asked, text, top, path_of(sheet))

    def text_to_image_features(
        self, text: str, top: int = 10, source: str | None = None
    ) -> Rows[ImageFeature]:
        """Return the features that pictures of a text have more or less of, surest first.

        `source`: only effects that this source has. Raises NotFound if no generator was asked for any
        word of the text, or for an unknown source.
        """
        found = generated_pictures.text_to_image_features(self._asked, text, top, source)
        return rows_of(ImageFeature, found)

    def image_features_to_prompt(self, picture: PathName, top: int = 10) -> PromptAnswer:
        """Return the words that a picture looks like, and a prompt of them for each generator.

        `picture`: a file, or a picture of the graph by its key or its file's name. `top`: number of
        words. Raises NotFound for an unknown picture, or if no generator was opened yet.
        """
        return generated_pictures.image_features_to_prompt(self._asked, fspath(picture), top)
