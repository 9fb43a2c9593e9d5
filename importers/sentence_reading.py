"""Documents and questions as sentences: unique, in reading order, with what answers what.

A question's answer by reading order is the sentence that follows it, where that is no question
itself; an answer that was given with its question is taken whole.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hartonomous.errors import BadInput
from hartonomous.identity import normalise
from importers import document_files, question_files
from importers.document_files import module

LONGEST = 1_000
"""Characters of a sentence; an index of the graph holds 8 kB a text."""

MOST_BYTES = 512 << 20
"""Bytes of all documents of a source: their sentences stand in memory together."""

QUESTION_MARKS = ("?", "\uff1f", "\u061f")
"""The mark of European, of East Asian and of Arabic texts."""

CLOSING = "\"')\u201d\u2019\u00bb "
KINDS = (*document_files.READERS, *question_files.READERS)
_WORD = re.compile(r"[^\W_]+")
_CONTROL = {"Cc", "Cf", "Cs", "Co"}
_JOINERS = "\u200c\u200d"


@dataclass
class Reading:
    """What was read: `sentences` unique, `answers` how often a question met an answer, by their
    places; what was left out by reason, and how many sentences were there already."""

    limit: int | None = None
    sentences: dict[str, int] = field(default_factory=dict)
    answers: Counter[tuple[int, int]] = field(default_factory=Counter)
    excluded: Counter[str] = field(default_factory=Counter)
    merged: int = 0

    def read(self, blocks: list[str]) -> None:
        """Take in one document."""
        question: int | None = None
        for block in blocks:
            for text in split_sentences(block):
                place = self.add(text)
                if place is None:
                    question = None
                    continue
                asks = is_question(text)
                if question is not None and not asks:
                    self.pair(question, place)
                question = place if asks else None

    def pair(self, question: int, answer: int) -> None:
        if question != answer:
            self.answers[question, answer] += 1

    def add(self, text: str) -> int | None:
        """Return the place of a sentence, None where it is left out."""
        text = normalise(" ".join(text.split()))
        if text in self.sentences:
            self.merged += 1
            return self.sentences[text]
        if reason := _unfit(text):
            self.excluded[reason] += 1
            return None
        if self.limit is not None and len(self.sentences) >= self.limit:
            self.excluded["beyond the limit"] += 1
            return None
        return self.sentences.setdefault(text, len(self.sentences))


def _unfit(text: str) -> str | None:
    if len(text) > LONGEST:
        return f"longer than {LONGEST} characters"
    if not any(character.isalpha() for character in text):
        return "without letters"
    if any(unicodedata.category(c) in _CONTROL and c not in _JOINERS for c in text):
        return "unprintable characters"
    return None


def is_question(text: str) -> bool:
    """Return whether a sentence asks, by the mark it ends with.

    >>> is_question("Why?"), is_question("So."), is_question('"Why?"')
    (True, False, True)
    """
    return text.rstrip(CLOSING).endswith(QUESTION_MARKS)


def split_sentences(block: str) -> list[str]:
    """Return the sentences of a block of text, as it writes them."""
    segmenter: Any = module("syntok.segmenter")
    sentences = []
    for paragraph in segmenter.analyze(block):
        for tokens in paragraph:
            first, last = tokens[0], tokens[-1]
            sentences.append(block[first.offset : last.offset + len(last.value)])
    return sentences


def words_of(text: str) -> list[str]:
    """Return the runs of letters and digits of a text, in order, each once.

    >>> words_of("Reset my e-mail password (twice)?")
    ['Reset', 'my', 'e', 'mail', 'password', 'twice']
    """
    return list(dict.fromkeys(_WORD.findall(text)))


def find_documents(path: Path) -> tuple[list[Path], int]:
    """Return the documents at a path, in the order of their names, and how many other files lie there.

    Hidden files and links that lead elsewhere are passed over. Raises BadInput for more than
    `MOST_BYTES` together, before any is read.
    """
    if path.is_file():
        found, others = [path] if path.suffix.lower() in KINDS else [], 0
    else:
        home = path.resolve()
        inside = [
            file
            for file in sorted(path.rglob("*"))
            if file.is_file()
            and not any(part.startswith(".") for part in file.relative_to(path).parts)
            and file.resolve().is_relative_to(home)
        ]
        found = [file for file in inside if file.suffix.lower() in KINDS]
        others = len(inside) - len(found)
    total = sum(file.stat().st_size for file in found)
    if total > MOST_BYTES and len(found) > 1:
        raise BadInput(
            f"{path} holds {total / 1e6:,.0f} MB of documents, and up to {MOST_BYTES / 1e6:,.0f} MB "
            "are read as one source; ingest its folders one by one."
        )
    return found, others


def read_documents(files: list[Path], others: int, limit: int | None) -> Reading:
    """Return the sentences of documents and of files of questions."""
    reading = Reading(limit)
    if others:
        reading.excluded["files of another kind"] = others
    for file in files:
        if file.suffix.lower() in document_files.READERS:
            reading.read(document_files.text_blocks(file))
        else:
            _read_questions(file, reading)
    return reading


def _read_questions(file: Path, reading: Reading) -> None:
    questions = question_files.read_questions(file)
    if questions.unanswered:
        reading.excluded["questions without an answer"] += questions.unanswered
    for context in dict.fromkeys(questions.contexts):
        reading.read([context])
    for question, answer in questions.pairs:
        places = reading.add(question), reading.add(answer)
        if places[0] is not None and places[1] is not None:
            reading.pair(places[0], places[1])
