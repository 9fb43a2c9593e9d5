"""Detokenizer: texts of tokens, and filters on the tokens that may be generated.

A token begins a word; a piece (##ing) continues one. A piece is filtered out where it would
complete a word that a deletion removed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

CONTINUATION, PIECE = "##", "Piece"
_PLAIN = re.compile(r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*|['\u2019][^\W\d_]+|[.,;:!?]|-")
_NO_SPACE_BEFORE = re.compile(r"[.,;:!?%)\]}\u2019'\u201d]")


class Detokenizer:
    """The texts of N tokens, with filters on generated words.

    `removed` returns whether a word, as it is written, was removed from the graph.
    """

    def __init__(
        self,
        texts: Sequence[str],
        kinds: Sequence[str],
        removed: Callable[[str], bool] | None,
    ) -> None:
        self._texts = texts
        self._removed = removed
        self._continues = np.array([kind == PIECE for kind in kinds], dtype=bool)

    def joined(self, before: Sequence[int], token: int) -> str:
        """Return a token's text as it continues a text, with a leading space where one is needed."""
        bare = self._bare(token)
        if not before or self._continues[token] or _NO_SPACE_BEFORE.match(bare):
            return bare
        return f" {bare}"

    def text(self, tokens: Sequence[int]) -> str:
        """Return tokens as text; an unknown token (-1) is shown as \ufffd."""
        parts: list[str] = []
        for place, token in enumerate(tokens):
            if token < 0:
                parts.append(" \ufffd" if parts else "\ufffd")
            else:
                parts.append(self.joined(tokens[:place], token))
        return "".join(parts)

    def allowed(self, plain: bool, ban: Collection[str]) -> NDArray[np.bool_]:
        """Return the mask (N,) bool of tokens that may be generated.

        `plain` excludes tokens other than letters and common punctuation, `ban` the tokens of some
        words.
        """
        may = self._plain.copy() if plain else np.ones(len(self._texts), dtype=bool)
        for word in map(folded, ban):
            may[[n for n in self._by_word.get(word, ()) if not self._continues[n]]] = False
        return may

    def numbers(self, words: Collection[str]) -> frozenset[int]:
        """Return the numbers of the tokens that spell one of these words, case-insensitive."""
        return frozenset(n for word in words for n in self._by_word.get(folded(word), ()))

    def completes_removed_word(self, text: Sequence[int], token: int) -> bool:
        """Return whether appending a token to a text would complete a removed word."""
        if self._removed is None:
            return False
        word = self._bare(token)
        for before in reversed(text) if self._continues[token] else ():
            if before < 0:
                break
            word = self._bare(before) + word
            if not self._continues[before]:
                break
        return self._removed(word)

    @cached_property
    def _plain(self) -> NDArray[np.bool_]:
        bare = map(self._bare, range(len(self._texts)))
        return np.array([_PLAIN.fullmatch(text) is not None for text in bare], dtype=bool)

    @cached_property
    def _by_word(self) -> dict[str, list[int]]:
        """The numbers of tokens by folded text, without the continuation mark."""
        found: dict[str, list[int]] = {}
        for number in range(len(self._texts)):
            found.setdefault(folded(self._bare(number)), []).append(number)
        return found

    def _bare(self, token: int) -> str:
        text = self._texts[token]
        return text.removeprefix(CONTINUATION) if self._continues[token] else text


def folded(word: str) -> str:
    """Return a word as words are compared: NFC, in lower case."""
    return unicodedata.normalize("NFC", word).lower()
