"""Piece marks: how the entries of a vocabulary mark where words begin, recognised by the entries
alone.

For vocabularies without a file that says so: lists of pieces, GGUF files of an unknown tokenizer,
and tokenizers without marks.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from hartonomous.extract.vocabulary import (
    Convention,
    Spelt,
    byte_level,
    ending,
    sentencepiece,
    wordpiece,
)
from hartonomous.schema import CONTINUATION, PIECE, TOKEN

UNFINISHED = "@@"

RARE_SHARE = 0.01
"""Least share of entries with a mark that is not a character of any language."""

LETTER_SHARE = 0.1
"""The same for Ġ, a letter of Maltese; over half of a byte-level vocabulary has it."""


def convention_by_marks(entries: Sequence[str | None]) -> Convention | None:
    """Return the convention of the entries' mark, None without one.

    >>> convention_by_marks(["▁king", "ing"]) is sentencepiece
    True
    """
    texts = [entry for entry in entries if entry]
    best, highest = None, 0.0
    for convention, bears, least in _MARKS:
        share = sum(map(bears, texts)) / len(texts) if texts else 0.0
        if share >= least and share > highest:
            best, highest = convention, share
    return best


def unfinished(entry: str) -> Spelt:
    """Subword-nmt: `king` ends a word, `thr@@` continues.

    >>> unfinished("king"), unfinished("thr@@")
    (('Token', 'king'), ('Piece', '##thr'))
    """
    if entry.endswith(UNFINISHED) and entry != UNFINISHED:
        return PIECE, CONTINUATION + entry.removesuffix(UNFINISHED)
    return TOKEN, entry


def with_words(
    convention: Convention, entries: Sequence[str | None], others: Collection[int] = ()
) -> Convention:
    """Return a convention under which some entry is a word.

    Without any mark of a word's start, pieces cannot be recognised: all entries are taken as words.
    `others` are rows that are not pieces.
    """
    for row, entry in enumerate(entries):
        if entry is not None and row not in others and convention(entry)[0] == TOKEN:
            return convention

    def convention_without_marks(entry: str) -> Spelt:
        kind, text = convention(entry)
        return (kind, text) if kind is None else (TOKEN, text.removeprefix(CONTINUATION))

    return convention_without_marks


def _begins(mark: str) -> Callable[[str], bool]:
    return lambda text: text.startswith(mark) and text != mark


def _ends(mark: str) -> Callable[[str], bool]:
    return lambda text: text.endswith(mark) and text != mark


_MARKS: list[tuple[Convention, Callable[[str], bool], float]] = [
    (sentencepiece, _begins("▁"), RARE_SHARE),
    (byte_level, _begins("Ġ"), LETTER_SHARE),
    # Headings of Markdown are words of some lists; they consist of # alone.
    (wordpiece, lambda text: text.startswith(CONTINUATION) and text[2:3].isalnum(), RARE_SHARE),
    (ending(byte_level, "</w>"), _ends("</w>"), RARE_SHARE),
    (unfinished, _ends(UNFINISHED), RARE_SHARE),
]
"""Conventions, the test for an entry with their mark, and the least share of such entries."""
