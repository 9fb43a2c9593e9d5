"""Tokens as text: how they join, which make plain text, and what may not be spelt.

A token begins a word, a piece (##ing) continues one. A word that was taken out of the graph may not
come back spelt out of pieces, so a piece that completes it is not said where it would.
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


class Speaker:
    """The texts of N tokens, and which words may not be said.

    `silenced` tells of a word, as it is written, whether it was taken out of the graph.
    """

    def __init__(
        self,
        texts: Sequence[str],
        kinds: Sequence[str],
        silenced: Callable[[str], bool] | None,
    ) -> None:
        self._texts = texts
        self._silenced = silenced
        self._continues = np.array([kind == PIECE for kind in kinds], dtype=bool)

    def joined(self, before: Sequence[int], token: int) -> str:
        """Return a token's text as it goes on after others, with the space it takes."""
        bare = self._bare(token)
        if not before or self._continues[token] or _NO_SPACE_BEFORE.match(bare):
            return bare
        return f" {bare}"

    def text(self, tokens: Sequence[int]) -> str:
        """Return tokens as text; what no token spells (-1) is shown as \ufffd."""
        parts: list[str] = []
        for place, token in enumerate(tokens):
            if token < 0:
                parts.append(" \ufffd" if parts else "\ufffd")
            else:
                parts.append(self.joined(tokens[:place], token))
        return "".join(parts)

    def allowed(self, plain: bool, ban: Collection[str]) -> NDArray[np.bool_]:
        """Return which tokens may be said at all."""
        may = self._plain.copy() if plain else np.ones(len(self._texts), dtype=bool)
        for word in map(folded, ban):
            may[[n for n in self._by_word.get(word, ()) if not self._continues[n]]] = False
        return may

    def numbers(self, words: Collection[str]) -> frozenset[int]:
        """Return the tokens that are one of these words, in any case."""
        return frozenset(n for word in words for n in self._by_word.get(folded(word), ()))

    def silences(self, text: Sequence[int], token: int) -> bool:
        """Return whether a token would complete a word that was taken out, where a text ends."""
        if self._silenced is None:
            return False
        word = self._bare(token)
        for before in reversed(text) if self._continues[token] else ():
            if before < 0:
                break
            word = self._bare(before) + word
            if not self._continues[before]:
                break
        return self._silenced(word)

    @cached_property
    def _plain(self) -> NDArray[np.bool_]:
        bare = map(self._bare, range(len(self._texts)))
        return np.array([_PLAIN.fullmatch(text) is not None for text in bare], dtype=bool)

    @cached_property
    def _by_word(self) -> dict[str, list[int]]:
        """Tokens by their folded text, bare of the mark that they continue a word."""
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
