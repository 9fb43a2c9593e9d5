"""Caption words: the content words of a caption, and whether it is a sentence."""

from __future__ import annotations

from functools import cache

from hartonomous.identity import normalise
from hartonomous.schema import SENTENCE, TOKEN
from importers.documents.content_words import stop_words, unspaced_words, words_of

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

    Stop words and single letters are left out; scripts without spaces are parted by ICU.

    >>> content_words("A White car, and the car's door")
    ['white', 'car', 'door']
    """
    stop = _stop()
    found: dict[str, None] = {}
    for run in words_of(text):
        for word in unspaced_words(run) or [run]:
            lower = normalise(word.lower())
            if lower not in stop and (len(lower) > 1 or not lower.isascii()):
                found[lower] = None
    return list(found)


@cache
def _stop() -> frozenset[str]:
    return stop_words()
