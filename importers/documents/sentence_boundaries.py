"""Sentence boundaries in any language, cuts of overlong sentences, and detection of questions.

sentencex splits by the rules of the language found by py3langid. Thai and Lao have a space between
clauses and no sentence mark; they are split at spaces.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from typing import Any

from importers.documents.document_files import module, paragraphs

WINDOW = 20_000
"""Characters split at once: the time for quotation marks grows quadratically."""

LEAST_LETTERS = 20
"""Least number of letters for language detection; below, English is assumed."""

LONGEST_SAMPLE = 4_000
"""Characters used for language detection."""

SHORTEST_CLAUSE = 10
"""Shortest Thai or Lao clause, in characters; a shorter one is joined to the previous one."""

LONGEST_BEGINNING = 100
"""Most characters without a letter that are joined to the next sentence."""

ENGLISH = "en"

_MARKS = r"[\u17d4\u17d5\u0f0d-\u0f12]+[\p{Pe}\p{Pf}\"']*\s*"
_CLOSED = r"(?:[\p{Pe}\p{Pf}\uff02\u301f]|\p{Pi}(?=\s|$))+\s*"
"""Marks that close an opening in the previous sentence; German closes with other languages' opening
marks.
"""

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
    """Return the ISO 639-1 code of a text's language, None for too few letters."""
    sample = text[:LONGEST_SAMPLE]
    if sum(map(str.isalpha, sample)) < LEAST_LETTERS:
        return None
    return str(module("py3langid").classify(sample)[0])


def split_sentences(block: str, language: str = ENGLISH) -> Iterator[str]:
    """Yield the sentences of a block of text, unchanged.

    >>> list(split_sentences("港口九点开门。Why? Dr. Smith asked."))
    ['港口九点开门。', 'Why?', 'Dr. Smith asked.']
    """
    for paragraph in paragraphs(block):
        pending = ""
        for sentence in _pieces(paragraph, language):
            pending += sentence
            # A number or an initial alone begins the next sentence.
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
            # The last one may continue after the window.
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
    """Return the starts of sentences, 0 the first."""
    own = _found(text, language)
    if language != ENGLISH and (english := set(_found(text, ENGLISH))):
        # A full stop ends a sentence if the abbreviations of both languages allow it.
        own = [at for at in own if at in english or not text[:at].rstrip().endswith(".")]
    return sorted({0, *(_with_its_quotes(text, at) for at in own)} - {len(text)})


def _with_its_quotes(text: str, at: int) -> int:
    """Return the start of a sentence, after the closing marks of the previous one and before its
    own opening marks.
    """
    # A pattern with its end alone fixed is tried at each place before.
    if at and unicodedata.category(text[at - 1]) in ("Ps", "Pi"):
        return int(_compiled(_OPENED).search(text, 0, at).start())
    closed = _compiled(_CLOSED).match(text, at)
    return int(closed.end()) if at and closed else at


def _found(text: str, language: str) -> list[int]:
    boundaries = module("sentencex").get_sentence_boundaries(language, text)
    return [found["start_index"] for found in boundaries if found["text"].strip()]


def _clauses(text: str) -> Iterator[str]:
    """Yield the parts of a sentence in a script whose sentences end with other marks, or with a
    space.
    """
    if text.isascii():
        yield text
        return
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
    """Return whether a sentence is a question, by its final mark; in Japanese, by its particle.

    >>> is_question("Why?"), is_question("So."), is_question('"Why?"'), is_question("Πώς;")
    (True, False, True, True)
    """
    if text.isascii() and "?" not in text:
        return False
    return _compiled(_ASKS).search(text) is not None


def cut_place(text: str, most: int) -> int:
    """Return the index at which to cut a text of more than `most` characters: after a mark or a
    space in its second half, else between two separable characters.

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
