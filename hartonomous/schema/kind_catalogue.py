"""Kinds of composition: what can be related."""

from __future__ import annotations

from hartonomous.schema.record_classes import Kind

TOKEN, PIECE, CONTEXT, SENTENCE = "Token", "Piece", "Context", "Sentence"
IMAGE, REGION, FEATURE = "Image", "Region", "Feature"
SYMBOL, SHAPE = "Symbol", "Shape"

CONTINUATION = "##"
"""What begins the text of a piece that continues a word."""

ORDERS = 4
"""Longest context, in tokens."""

ANYTHING = "…"
"""Text of the context of no tokens: what follows anything."""

KINDS: tuple[Kind, ...] = (
    Kind(
        TOKEN,
        "a word, a label of several words, or a piece that begins a word",
        rank=0,
        phrases=True,
    ),
    Kind(
        PIECE,
        "a piece that continues a word, its text written ##ing",
        rank=4,
        pieces=True,
        fragment=True,
        colour="#C990C0",
    ),
    Kind(
        CONTEXT,
        "the last two to four tokens read, oldest first",
        rank=7,
        connected=False,
        pieces=True,
        colour="#A5ABB6",
    ),
    Kind(
        SENTENCE,
        "a sentence of a document, or an answer as it was given; white space made one",
        rank=2,
        colour="#8DCC93",
    ),
    Kind(
        IMAGE,
        "a picture, known by the digest of its pixels",
        rank=5,
        digested=True,
        colour="#F16667",
    ),
    Kind(REGION, "a part of a picture", rank=3, digested=True, colour="#F79767"),
    Kind(FEATURE, "a visual feature", rank=6, colour="#FFC454"),
    Kind(
        SYMBOL,
        "a name in a code base: module, class, function",
        rank=1,
        identifier=True,
        colour="#569480",
    ),
    Kind(
        SHAPE,
        "what code does, without its language and its names: the outline and the Merkle hash of a role "
        "tree, or a role within another",
        rank=8,
        colour="#9BB8A5",
    ),
)
"""The second label of a composition, by kind."""
