"""Stop words of many languages: scikit-learn's of English, stopwordsiso's of others."""

from __future__ import annotations

from functools import cache

from importers.documents.document_files import module
from importers.documents.sentence_boundaries import ENGLISH

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
