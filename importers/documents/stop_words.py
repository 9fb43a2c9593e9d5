"""Stop words of many languages, by the package stopwordsiso; of others, English ones alone."""

from __future__ import annotations

from functools import cache

from importers.documents.document_files import module

CLITICS = frozenset({"don", "doesn", "didn", "isn", "aren", "ll", "ve", "re"})
"""What is left of English clitics at an apostrophe."""


@cache
def stop_words(language: str = "en") -> frozenset[str]:
    """Return the stop words of a language, by its ISO 639-1 code, in lower case."""
    library = module("stopwordsiso")
    found = frozenset(library.stopwords(language)) if library.has_lang(language) else frozenset()
    return found | CLITICS | (stop_words("en") if not found and language != "en" else frozenset())
