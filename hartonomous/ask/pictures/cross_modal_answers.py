"""Cross-modal answers: pictures of a text, texts of a picture, and that nothing matches, with the reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hartonomous.ask.pictures.image_concepts import (
    BY_LIKENESS,
    BY_SOURCES,
    like_pictures,
    stored_features,
    votes,
    weighed,
)
from hartonomous.ask.pictures.known_pictures import find_picture, is_known, read_file
from hartonomous.ask.relations.composed_words import shares_of
from hartonomous.ask.relations.neighbourhood import composing_parts, find_word, unknown_word
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph, Row
from hartonomous.identity import composition_key, normalise
from hartonomous.pictures.visual_features import degrees
from hartonomous.schema import IMAGE

_EMPTY = "The graph has no pictures; 'hartonomous ingest MODEL --images DIR' shows a model some."


@dataclass(frozen=True)
class TextImages:
    """The pictures of a text.

    `images`, the surest first, have `picture` (its key), `caption`, `place`, `through` (the text, or one that
    contains its words; or its words, and features of the picture that stand for them), `source` (who says
    so), `odds` in decades and `consensus` in points, and `similarity`. `composed` has the texts of the parts
    of a text that no source has, where pictures of most of them were looked for.
    `reason` says why nothing matches; None if anything does.
    """

    text: str
    composed: tuple[str, ...]
    images: tuple[Row, ...]
    reason: str | None


@dataclass(frozen=True)
class ImageTexts:
    """The texts of a picture, known by its key.

    `by` says how this is known: "sources" that compared or saw it, or, of a picture for which no source
    speaks, its "likeness" to pictures of the graph. `texts`, the surest first, have `text`, `kind`,
    `source`, `odds`, `consensus` and `similarity`, as those of `TextImages`; by likeness the last is the
    share of like pictures with the text. `like` pictures have `picture`, `alike` (0 to 1) and `shared`
    features. `reason` says why nothing matches; None if anything does.
    """

    picture: str
    by: str
    texts: tuple[Row, ...]
    reason: str | None
    like: tuple[Row, ...] = ()


def text_to_images(graph: Graph, text: str, top: int = 10) -> TextImages:
    """Return the pictures of a word, a phrase or a caption.

    Found by the text itself, by texts that contain its words, and by its words, said of a picture or
    of features that it has. A text of which these find nothing, and which no source has, is composed of
    its known words. Raises NotFound if it cannot be.
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

    A picture for which no source speaks is told by the pictures of the graph that are like it. Raises
    NotFound for one that is neither a file nor in the graph, UsageError for a name of several, BadInput
    for a file that is no picture.
    """
    read = read_file(picture)
    key = find_picture(graph, picture) if read is None else read[0]
    rows = graph.read(query("ask/image_to_text"), picture=key, top=top)
    if rows:
        return ImageTexts(key, BY_SOURCES, tuple(rows), None)
    own = composition_key(IMAGE, normalise(key))
    if (read is None or is_known(graph, key)) and _compared(graph, [own]):
        return ImageTexts(key, BY_SOURCES, (), _reason(graph, picture, [own]))
    features = stored_features(graph, key) if read is None else degrees(read[1])
    return _by_likeness(graph, key, picture, features, top)


def _by_likeness(
    graph: Graph, key: str, picture: str, features: Mapping[str, float], top: int
) -> ImageTexts:
    like = like_pictures(graph, key, features, ("DEPICTS", "RELATES"))
    pictured = graph.read(query("ask/read_pictured_texts"), pictures=list(like)) if like else []
    found = weighed(pictured, votes(like))[:top]
    texts = tuple(
        {
            "text": row["concept"],
            "kind": row["kind"],
            "source": ", ".join(row["sources"]),
            "odds": (row["consensus"] - 1500) / 400,
            "consensus": row["consensus"],
            "similarity": row["score"],
        }
        for row in found
    )
    return ImageTexts(
        key,
        BY_LIKENESS,
        texts,
        None if texts else _unlike(graph, picture, like),
        tuple(like.values()),
    )


def _unlike(graph: Graph, picture: str, like: dict[str, Row]) -> str:
    """Return why pictures like one that no source speaks of tell nothing."""
    if not graph.read(query("ask/read_compared"), keys=[]):
        return _EMPTY
    if like:
        return (
            f"Nothing here matches {picture!r}: no source speaks of it, and pictures like it have no text "
            "in common that others lack."
        )
    return (
        f"Nothing here matches {picture!r}: no source speaks of it, and no picture with texts is "
        "like it. 'hartonomous ingest MODEL --images' shows it to a model."
    )


def _compared(graph: Graph, keys: list[str]) -> bool:
    return any(row["pictured"] for row in graph.read(query("ask/read_compared"), keys=keys))


def _reason(graph: Graph, asked: str, keys: list[str]) -> str:
    """Return why nothing matches what was asked, a text or a picture."""
    found = graph.read(query("ask/read_compared"), keys=keys)
    if not found:
        return _EMPTY
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
