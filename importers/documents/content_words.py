"""Content words of sentences.

A word is a run of letters and digits that is not a stop word: the token of the encoder's own
vocabulary if there is one, else the word in lower case. In scripts without spaces (Chinese,
Japanese, Thai, Lao, Khmer, Burmese) words are the encoder's tokens; for text without tokens, the
words of ICU's dictionary.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from hartonomous.errors import HartonomousError
from hartonomous.extract.files.tokenizer_files import find_tokenizer
from hartonomous.extract.vocabulary import LONGEST, build_vocabulary
from hartonomous.identity import normalise
from hartonomous.schema import TOKEN
from importers.documents.document_files import module
from importers.documents.stop_words import stop_words
from importers.transformers.sentence_encoders import AT_ONCE, SentenceEncoder

_UNSPACED = r"[\p{Han}\p{Hiragana}\p{Katakana}\u30fc\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]"
_WORD = (
    rf"(?P<unspaced>(?:{_UNSPACED}\p{{M}}*+)++)"
    rf"|(?:(?!{_UNSPACED})[\p{{L}}\p{{N}}][\p{{M}}\u200c\u200d]*+)++"
)


_ASCII_WORD = re.compile("[a-z0-9]+")


@cache
def _compiled(pattern: str) -> Any:
    regex = module("regex")
    return regex.compile(pattern, regex.V1)


def words_of(text: str) -> list[str]:
    """Return the runs of letters and digits of a text, in order, each once.

    A run of a script without spaces ends where another script begins.

    >>> words_of("Reset my e-mail (twice)? हिन्दी Python入門")
    ['Reset', 'my', 'e', 'mail', 'twice', 'हिन्दी', 'Python', '入門']
    """
    return list(dict.fromkeys(found[0] for found in _compiled(_WORD).finditer(text)))


def plain_words(text: str, stop: frozenset[str]) -> Iterator[str]:
    """Yield the words of a text in lower case, in order, also repeatedly, without those of `stop`.

    Single letters are left out; scripts without spaces are parted by ICU.
    """
    if text.isascii():
        # The same words, without what only other scripts need.
        for word in _ASCII_WORD.findall(text.lower()):
            if word not in stop and 1 < len(word) <= LONGEST:
                yield word
        return
    for found in _compiled(_WORD).finditer(text):
        run = found[0]
        for word in unspaced_words(run) if found["unspaced"] is not None else [run]:
            lower = normalise(word.lower())
            if (
                lower not in stop
                and len(lower) <= LONGEST
                and (len(lower) > 1 or not lower.isascii())
            ):
                yield lower


class ContentWords:
    """Finds the content words of sentences."""

    def __init__(self, path: Path, encoder: SentenceEncoder) -> None:
        self._encoder = encoder
        self._stop = stop_words()
        self._known = _known_words(path)

    def of(self, sentences: Sequence[str]) -> Iterator[list[str]]:
        """Yield the content words of each sentence, in order, each once."""
        for first in range(0, len(sentences), AT_ONCE):
            words = [words_of(text) for text in sentences[first : first + AT_ONCE]]
            runs = {run: None for found in words for run in found if self._is_unspaced(run)}
            tokens = dict(zip(runs, self._tokens(list(runs)), strict=True))
            for found in words:
                content = (tokens.get(word) or self._spaced(word, word in tokens) for word in found)
                yield list(dict.fromkeys(word for one in content for word in one))

    def _is_unspaced(self, run: str) -> bool:
        found = _compiled(_WORD).match(run)
        return found is not None and found["unspaced"] is not None

    def _spaced(self, word: str, unspaced: bool) -> list[str]:
        lower = word.lower()
        if unspaced or len(word) < 2 or len(word) > LONGEST:
            return []
        if lower in self._stop or word in self._stop:
            return []
        return [normalise(word if word in self._known else lower)]

    def _tokens(self, runs: list[str]) -> Iterator[list[str]]:
        """Yield the words of runs of a script without spaces, as the encoder splits them.

        An ideograph is a word; a single letter of another script is not.
        """
        ideograph = _compiled(r"\p{Han}")
        for tokens in self._encoder.tokens(runs):
            parts = (part for token in tokens for part in self._parts(*token))
            yield [normalise(part) for part in parts if len(part) > 1 or ideograph.match(part)]

    def _parts(self, token: str, known: bool) -> list[str]:
        if known or len(token) == 1:
            return [token]
        return list(module("icu4py.breakers").WordBreaker(token, "th"))


def unspaced_words(run: str) -> list[str]:
    """Return the words of a run of a script without spaces by ICU's dictionary; none of another."""
    found = _compiled(_WORD).match(run)
    if found is None or found["unspaced"] is None:
        return []
    return list(module("icu4py.breakers").WordBreaker(run, "th"))


def _known_words(encoder: Path) -> frozenset[str]:
    """Return the whole words of the encoder's vocabulary, as they are written there."""
    try:
        table = find_tokenizer(encoder)
        kept = build_vocabulary(table.entries, table.convention, table.set_aside, table.literal)
    except HartonomousError:
        # A tokenizer without a readable vocabulary; words are in lower case.
        return frozenset()
    kinds, texts = (kept.compositions[name].to_pylist() for name in ("kind", "text"))
    return frozenset(t for kind, t in zip(kinds, texts, strict=True) if kind == TOKEN)
