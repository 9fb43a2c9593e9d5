"""Caption words: the content words of a caption, and whether it is a sentence."""

from __future__ import annotations

from hartonomous.schema import SENTENCE, TOKEN
from importers.documents.content_words import plain_words
from importers.documents.sentence_boundaries import ENGLISH, language_of
from importers.documents.stop_words import stop_words

LONGEST_LABEL = 8
"""Words of a label; what is longer is a sentence."""

_ENDS = (".", "!", "?", "\u3002", "\uff01", "\uff1f", "\u0964")


def caption_kind(text: str) -> str:
    """Return the kind of a caption: a sentence ends like one or is long, else it is a label.

    >>> caption_kind("a white car"), caption_kind("A car stands there.")
    ('Token', 'Sentence')
    """
    return SENTENCE if text.endswith(_ENDS) or len(text.split()) > LONGEST_LABEL else TOKEN


def content_words(text: str) -> list[str]:
    """Return the content words of a caption in lower case, in order, each once.

    >>> content_words("A White car, and the car's door")
    ['white', 'car', 'door']
    """
    language = language_of(text) or ENGLISH
    return list(dict.fromkeys(plain_words(text, stop_words(language))))
