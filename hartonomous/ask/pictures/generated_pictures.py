"""Generated pictures: what pictures of a text look like, and which text a picture looks like.

By the effects of words on measured features, which image generators were observed to have.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hartonomous.ask.pictures.known_pictures import find_picture, read_file
from hartonomous.ask.pictures.word_effects import (
    Additivity,
    WordStanding,
    additivity,
    read_effects,
    read_made,
    standing,
)
from hartonomous.ask.relations.neighbourhood import unknown_source
from hartonomous.errors import NotFound
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph, Row
from hartonomous.pictures.picture_files import Pixels
from hartonomous.pictures.visual_features import FEATURES, measured


@dataclass(frozen=True)
class ImageAnswer:
    """What pictures of a text look like.

    `words` are those of the text that generators were asked for, `unknown` the others. `features` are
    rows of cypher/ask/text_to_image_features, `pictures` of cypher/ask/text_to_image.
    """

    words: tuple[str, ...]
    unknown: tuple[str, ...]
    features: list[Row]
    pictures: list[Row]
    standing: list[WordStanding]
    additivity: list[Additivity]


@dataclass(frozen=True)
class PromptAnswer:
    """The words that a picture looks like, rows of cypher/ask/image_features_to_prompt, and of each
    source the prompt of the best words of its factors.
    """

    words: list[Row]
    prompts: dict[str, str]


def text_to_image_features(
    graph: Graph, text: str, top: int = 10, source: str | None = None
) -> list[Row]:
    """Return the features that pictures of a text have more or less of, surest first; columns as in
    cypher/ask/text_to_image_features.

    Raises NotFound if no generator was asked for any word of the text, or for an unknown source.
    """
    rows = graph.read(query("ask/text_to_image_features"), text=text, top=top, source=source)
    if not rows:
        if source is not None and not graph.read(query("load/read_source"), name=source):
            raise unknown_source(graph, source)
        if not _prompted(graph, text):
            raise _unasked(graph, text)
    return rows


def text_to_image(graph: Graph, text: str, top: int = 10) -> ImageAnswer:
    """Return what pictures of a text look like, and those of the graph that look most like it.

    Raises NotFound if no generator was asked for any word of the text.
    """
    words = _prompted(graph, text)
    if not words:
        raise _unasked(graph, text)
    of_words: list[WordStanding] = []
    sums: list[Additivity] = []
    for effects in read_effects(graph):
        made = read_made(graph, effects)
        of_words += standing(effects, made, words)
        if (whole := additivity(effects, made, words)) is not None:
            sums.append(whole)
    known = {part for word in words for part in word.split()}
    unknown = tuple(part for part in text.lower().split() if part not in known)
    features = text_to_image_features(graph, text, top)
    pictures = graph.read(query("ask/text_to_image"), text=text, top=top)
    return ImageAnswer(tuple(words), unknown, features, pictures, of_words, sums)


def image_features_to_prompt(graph: Graph, picture: str, top: int = 10) -> PromptAnswer:
    """Return the words that a picture looks like: a file, or a picture of the graph by its key or its
    file's name, such as `a red car/seed 3.png`.

    Of a file all features are measured; of a picture of the graph those count that it has. Raises
    NotFound for an unknown picture, or if no generator was opened yet, UsageError for a name of
    several, BadInput for a file that is no picture.
    """
    every = read_effects(graph)
    if not every:
        raise _no_generator()
    read = read_file(picture)
    key = find_picture(graph, picture) if read is None else read[0]
    words = graph.read(
        query("ask/image_features_to_prompt"),
        picture=key,
        top=sum(len(one.words) for one in every),
        values=None if read is None else _values(read[1]),
    )
    prompts = {}
    for effects in every:
        told = {row["word"]: row["score"] for row in words if row["source"] == effects.source}
        if told:
            scores = np.array([told.get(word, 0.0) for word in effects.words])
            prompts[effects.source] = effects.prompt_for(scores)
    return PromptAnswer(words[:top], prompts)


def _values(pixels: Pixels) -> list[dict[str, object]]:
    """Return the measured features of a picture."""
    found = measured(pixels).tolist()
    return [{"feature": name, "value": value} for name, value in zip(FEATURES, found, strict=True)]


def _prompted(graph: Graph, text: str) -> Sequence[str]:
    """Return the words of a text that generators were asked for, in their order."""
    found = [row["word"] for row in graph.read(query("ask/find_prompted"), text=text)]
    padded = f" {' '.join(text.lower().split())} "
    return sorted(found, key=lambda word: padded.find(f" {word} "))


def _unasked(graph: Graph, text: str) -> NotFound:
    words = sorted({word for one in read_effects(graph) for word in one.words})
    if not words:
        return _no_generator()
    some = ", ".join(words[:20]) + (" …" if len(words) > 20 else "")
    return NotFound(
        f"No image generator was asked for a word of {text!r}; they were asked for {some}.",
        suggestions=tuple(words[:20]),
    )


def _no_generator() -> NotFound:
    return NotFound(
        "No image generator was opened yet: hartonomous ingest MODEL --prompts GRID --as NAME."
    )
