"""Caption words: the content words of a caption."""

from __future__ import annotations

from functools import cache

from importers.documents.content_words import plain_words
from importers.documents.sentence_boundaries import ENGLISH, language_of
from importers.documents.stop_words import stop_words

NUMBERS = frozenset(
    (
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "fifteen",
        "twenty",
        "forty",
        "fifty",
        "sixty",
        "hundred",
    )
)
"""Stop words of texts that say something of a picture: how many things it shows, or which figure."""


def content_words(text: str) -> list[str]:
    """Return the content words of a caption in lower case, in order, each once.

    >>> content_words("A White car, and the car's two doors")
    ['white', 'car', 'two', 'doors']
    """
    return list(dict.fromkeys(plain_words(text, _without_content(language_of(text) or ENGLISH))))


@cache
def _without_content(language: str) -> frozenset[str]:
    return stop_words(language) - NUMBERS
