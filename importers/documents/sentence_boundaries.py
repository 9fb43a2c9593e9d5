"""Where sentences end, in any language; where one that is too long is cut; which of them ask.

sentencex splits, by the rules of the language that py3langid finds. Thai and Lao set a space between
clauses and no mark at their end, and are split there.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from typing import Any

from importers.documents.document_files import module, paragraphs

WINDOW = 20_000
"""Characters split at once: the time that quotation marks take grows with their square."""

LEAST_LETTERS = 20
"""Letters from which the language of a text is told; English is taken below."""

LONGEST_SAMPLE = 4_000
"""Characters by which the language of a text is told."""

SHORTEST_CLAUSE = 10
"""Characters of a Thai or Lao clause; a shorter one goes with the one before it."""

LONGEST_BEGINNING = 100
"""Characters without a letter that are taken with the sentence after them."""

ENGLISH = "en"

_MARKS = r"[\u17d4\u17d5\u0f0d-\u0f12]+[\p{Pe}\p{Pf}\"']*\s*"
_CLOSED = r"(?:[\p{Pe}\p{Pf}\uff02\u301f]|\p{Pi}(?=\s|$))+\s*"
"""Marks that close what the sentence before them opened; German closes with what others open with."""

_OPENED = r"[\p{Ps}\p{Pi}]+$"
_CLAUSE_SPACE = r"(?<=[\p{Thai}\p{Lao}])\s+(?=[\p{Thai}\p{Lao}])"
_ASKS = (
    r"(?:[?\uff1f\u061f\u2047\u2048\u2049\u203d\u2e2e\u1367\ufe56][\p{P}\p{S}\s]*"
    r"|\p{Greek}[^\n]*;[\p{Pe}\p{Pf}\"'\s]*|\u304b[\u3002\uff61.]?[\p{Pe}\p{Pf}\s]*)$|\u055e"
)
_CUTS = r"[,;:\u060c\u061b\u3001\uff0c\uff1b\uff1a\u2014]\s*|\s+"


@cache
def _compiled(pattern: str) -> Any:
    regex = module("regex")
    return regex.compile(pattern, regex.V1)


def language_of(text: str) -> str | None:
    """Return the ISO 639-1 code of a text's language, None where it has too few letters to tell."""
    sample = text[:LONGEST_SAMPLE]
    if sum(map(str.isalpha, sample)) < LEAST_LETTERS:
        return None
    return str(module("py3langid").classify(sample)[0])


def split_sentences(block: str, language: str = ENGLISH) -> Iterator[str]:
    """Yield the sentences of a block of text, as it writes them.

    >>> list(split_sentences("港口九点开门。Why? Dr. Smith asked."))
    ['港口九点开门。', 'Why?', 'Dr. Smith asked.']
    """
    for paragraph in paragraphs(block):
        pending = ""
        for sentence in _pieces(paragraph, language):
            pending += sentence
            # A number or an initial alone begins the sentence after it.
            if len(pending) < LONGEST_BEGINNING and _is_beginning(pending.strip()):
                continue
            yield pending.strip()
            pending = ""
        if pending.strip():
            yield pending.strip()


def _is_beginning(text: str) -> bool:
    return not any(map(str.isalpha, text)) or re.fullmatch(r"\w\.", text) is not None


def _pieces(text: str, language: str) -> Iterator[str]:
    start = 0
    while start < len(text):
        window = text[start : start + WINDOW]
        starts = _starts(window, language)
        if start + WINDOW < len(text):
            # The last one may go on behind the window.
            end = (
                starts.pop()
                if len(starts) > 1
                else cut_place(text[start : start + WINDOW + 1], WINDOW)
            )
        else:
            end = len(window)
        for first, after in zip(starts, [*starts[1:], end], strict=True):
            yield from _clauses(window[first:after])
        start += end


def _starts(text: str, language: str) -> list[int]:
    """Return where sentences begin, 0 the first."""
    own = _found(text, language)
    if language != ENGLISH and (english := set(_found(text, ENGLISH))):
        # A full stop ends a sentence where the abbreviations of both languages allow it.
        own = [at for at in own if at in english or not text[:at].rstrip().endswith(".")]
    return sorted({0, *(_with_its_quotes(text, at) for at in own)} - {len(text)})


def _with_its_quotes(text: str, at: int) -> int:
    """Return where a sentence begins, behind what closes the one before and before what opens it."""
    if at and (opened := _compiled(_OPENED).search(text, 0, at)):
        return int(opened.start())
    closed = _compiled(_CLOSED).match(text, at)
    return int(closed.end()) if at and closed else at


def _found(text: str, language: str) -> list[int]:
    boundaries = module("sentencex").get_sentence_boundaries(language, text)
    return [found["start_index"] for found in boundaries if found["text"].strip()]


def _clauses(text: str) -> Iterator[str]:
    """Yield a sentence in parts where its script ends sentences by other marks, or by a space."""
    begin = 0
    for found in _compiled(_MARKS).finditer(text):
        yield from _spaced(text[begin : found.end()])
        begin = found.end()
    if begin < len(text):
        yield from _spaced(text[begin:])


def _spaced(text: str) -> Iterator[str]:
    begin = 0
    for found in _compiled(_CLAUSE_SPACE).finditer(text):
        long = found.start() - begin >= SHORTEST_CLAUSE
        if long and len(text) - found.end() >= SHORTEST_CLAUSE:
            yield text[begin : found.end()]
            begin = found.end()
    yield text[begin:]


def is_question(text: str) -> bool:
    """Return whether a sentence asks, by the mark it ends with; Japanese, by its particle.

    >>> is_question("Why?"), is_question("So."), is_question('"Why?"'), is_question("Πώς;")
    (True, False, True, True)
    """
    return _compiled(_ASKS).search(text) is not None


def cut_place(text: str, most: int) -> int:
    """Return where to cut a text of more than `most` characters: behind a mark or a space, in its
    second half, else between two characters that stand for themselves.

    >>> cut_place("the first, two three", 14), cut_place("onetwothree", 4)
    (11, 4)
    """
    best = {",": 0, " ": 0}
    for found in _compiled(_CUTS).finditer(text, most // 2, most):
        best[" " if found[0].isspace() else ","] = found.end()
    if best[","] or best[" "]:
        return best[","] or best[" "]
    place = most
    while place > 1 and (
        unicodedata.category(text[place])[0] == "M" or "\u200d" in text[place - 1 : place + 1]
    ):
        place -= 1
    return place if place > 1 else most
