"""Cross-modal answers: pictures of a text, texts of a picture, and that nothing matches, with the reason."""

from __future__ import annotations

from dataclasses import dataclass

from hartonomous.ask.pictures.known_pictures import find_picture, is_known, read_file
from hartonomous.ask.relations.composed_words import shares_of
from hartonomous.ask.relations.neighbourhood import composing_parts, find_word, unknown_word
from hartonomous.errors import NotFound
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph, Row
from hartonomous.identity import composition_key, normalise
from hartonomous.schema import IMAGE


@dataclass(frozen=True)
class TextImages:
    """The pictures of a text.

    `composed` has the texts of the parts of a text that no source has, empty for a known one. `images`,
    the surest first, have `picture` (its key), `caption`, `place`, `source` (who says so), `odds` in decades
    and `consensus` in points, and `similarity`. `reason` says why nothing matches; None if anything does.
    """

    text: str
    composed: tuple[str, ...]
    images: tuple[Row, ...]
    reason: str | None


@dataclass(frozen=True)
class ImageTexts:
    """The texts of a picture, known by its key.

    `texts`, the surest first, have `text`, `kind`, `source`, `odds`, `consensus` and `similarity`, as those
    of `TextImages`. `reason` says why nothing matches; None if anything does.
    """

    picture: str
    texts: tuple[Row, ...]
    reason: str | None


def text_to_images(graph: Graph, text: str, top: int = 10) -> TextImages:
    """Return the pictures of a word, a phrase or a caption.

    A text that no source has is composed of its known words. Raises NotFound if it cannot be.
    """
    rows = graph.read(query("ask/text_to_images"), text=text, top=top)
    if rows:
        return TextImages(text, (), tuple(rows), None)
    if graph.read(query("ask/find_word"), word=text):
        word = find_word(graph, text)
        return TextImages(text, (), (), _reason(graph, text, [word.key]))
    parts = composing_parts(graph, text)
    if not parts:
        raise unknown_word(graph, text)
    keys, composed = [part["key"] for part in parts], tuple(part["text"] for part in parts)
    shares = shares_of(graph, parts)
    rows = graph.read(query("ask/composed_images"), keys=keys, weights=shares, top=top)
    reason = None if rows else _reason(graph, text, keys)
    return TextImages(text, composed, tuple(rows), reason)


def image_to_text(graph: Graph, picture: str, top: int = 10) -> ImageTexts:
    """Return the texts of a picture: a file, or a picture of the graph by its key or its file's name.

    Raises NotFound for a picture that no source saw, UsageError for a name of several, BadInput for a
    file that is no picture.
    """
    read = read_file(picture)
    key = find_picture(graph, picture) if read is None else read[0]
    if read is not None and not is_known(graph, key):
        raise NotFound(
            f"No source saw the picture {picture!r}. 'hartonomous ingest MODEL --images' shows it to a "
            "model; 'hartonomous image-to-concepts' tells it by pictures that are like it."
        )
    rows = graph.read(query("ask/image_to_text"), picture=key, top=top)
    reason = None if rows else _reason(graph, picture, [composition_key(IMAGE, normalise(key))])
    return ImageTexts(key, tuple(rows), reason)


def _reason(graph: Graph, asked: str, keys: list[str]) -> str:
    """Return why nothing matches what was asked, a text or a picture."""
    found = graph.read(query("ask/read_compared"), keys=keys)
    if not found:
        return (
            "The graph has no pictures; 'hartonomous ingest MODEL --images DIR' shows a model some."
        )
    compared = [row for row in found if row["pictured"]]
    if not compared:
        names = ", ".join(row["source"] for row in found)
        return (
            f"No source compared {asked!r} with pictures and none saw it in one ({names}); ingest a model "
            "with it among its texts: --texts FILE."
        )
    told = ", ".join(f"{row['source']} ({row['pictures']:,} pictures)" for row in compared)
    return (
        f"Nothing here matches {asked!r}: compared by {told}, it is nearest to what others fit better, as "
        "chance would have it."
    )
