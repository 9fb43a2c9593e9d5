"""Stop words of many languages: scikit-learn's of English, stopwordsiso's of others."""

from __future__ import annotations

from functools import cache

from importers.documents.document_files import module
from importers.documents.sentence_boundaries import ENGLISH

OWN, OWN_ENGLISH = 0.6, 0.25
"""Share of stop words from which a text is of their language. Prose has three quarters of stopwordsiso's
and two fifths of scikit-learn's fewer ones; that of a related language, Spanish beside Portuguese, two
fifths of the former, and a seventh of the latter."""

LEAST_WORDS = 8
"""Words of a text at least for this share to tell anything."""

CLITICS = frozenset({"don", "doesn", "didn", "isn", "aren", "ll", "ve", "re"})
"""What is left of English clitics at an apostrophe."""


@cache
def stop_words(language: str = ENGLISH) -> frozenset[str]:
    """Return the stop words of a language, by its ISO 639-1 code, in lower case.

    English ones are scikit-learn's, whose list has no word that people ask for; those of a language
    without a list are English.
    """
    if language != ENGLISH:
        library = module("stopwordsiso")
        if library.has_lang(language):
            return frozenset(library.stopwords(language)) | CLITICS
    return frozenset(module("sklearn.feature_extraction.text").ENGLISH_STOP_WORDS) | CLITICS


def is_written_in(text: str, language: str) -> bool:
    """Return whether so many words of a text are stop words of a language that it is of no other; False
    for a language without a list, and without spaces between words.

    >>> is_written_in("The pilot of the harbour knows all that is in it.", "en")
    True
    >>> is_written_in("Der Lotse des Hafens kennt alles, was darin ist.", "en")
    False
    """
    if language != ENGLISH and not module("stopwordsiso").has_lang(language):
        return False
    words = text.lower().split()
    known = stop_words(language)
    least = (OWN_ENGLISH if language == ENGLISH else OWN) * len(words)
    return len(words) >= LEAST_WORDS and sum(map(known.__contains__, words)) >= least
