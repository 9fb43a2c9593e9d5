"""Caption words: the content words of a caption."""

from __future__ import annotations

from importers.documents.content_words import plain_words
from importers.documents.sentence_boundaries import ENGLISH, language_of
from importers.documents.stop_words import stop_words


def content_words(text: str) -> list[str]:
    """Return the content words of a caption in lower case, in order, each once.

    >>> content_words("A White car, and the car's door")
    ['white', 'car', 'door']
    """
    language = language_of(text) or ENGLISH
    return list(dict.fromkeys(plain_words(text, stop_words(language))))
