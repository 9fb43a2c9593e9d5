"""Sentence sequence: documents and questions as unique sentences in reading order, with answers.

A question's answer by reading order is the next sentence, unless that is a question; an answer
given with its question is taken whole. A sentence that is longer than the encoder reads is cut, and
its parts replace it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from hartonomous.errors import BadInput
from hartonomous.extract.files.untrusted_files import refuse_pointer
from hartonomous.extract.importer_protocol import UnreadFile
from hartonomous.extract.place_list import PlaceList
from hartonomous.file_names import readable
from hartonomous.held_places import MOST, file_place
from hartonomous.identity import normalise
from importers.documents import question_files
from importers.documents.document_files import LARGEST, Document, paragraphs
from importers.documents.document_formats import READERS
from importers.documents.sentence_boundaries import (
    ENGLISH,
    LONGEST_SAMPLE,
    cut_place,
    is_question,
    language_of,
    split_sentences,
)
from importers.documents.stop_words import is_written_in
from importers.documents.visible_text import letters, visible, without_private

LONGEST = 1_000
"""Most characters of a sentence; an entry of the graph's index has at most 8 kB."""

LONG_BLOCK = 200
"""Characters from which a block's own language is detected instead of the document's."""

MOST_BYTES = 512 << 20
"""Most bytes of all documents of a source: their sentences are in memory together."""

KINDS = (*READERS, *question_files.READERS)

UNREADABLE = "files that cannot be read"

MORE_PLACES = f"places beyond {MOST} of a sentence"


def whole(text: str) -> int:
    """Return the length that an unbounded encoder reads: all of the text."""
    return len(text)


@dataclass
class Reading:
    """The content of documents.

    `sentences` are unique, `answers` counts the occurrences of a question with an answer, by their
    indices; omissions are counted by reason, as are repeated sentences. `reach` returns the number
    of characters of a text that the encoder reads; `cut` counts longer sentences, `files` are the
    documents read, with their `stamps` before, `unread` those that cannot be. `places` are those of the sentences, in `file`, the
    name of the document being read, and on `page`, if it has pages; `languages` are those of the
    sentences, in their order, `language` that of what is being read.
    """

    limit: int | None = None
    reach: Callable[[str], int] = whole
    sentences: dict[str, int] = field(default_factory=dict)
    answers: Counter[tuple[int, int]] = field(default_factory=Counter)
    excluded: Counter[str] = field(default_factory=Counter)
    merged: int = 0
    cut: int = 0
    files: list[Path] = field(default_factory=list)
    stamps: dict[Path, tuple[int, int]] = field(default_factory=dict)
    unread: list[UnreadFile] = field(default_factory=list)
    places: PlaceList = field(default_factory=PlaceList)
    file: str = ""
    page: int | None = None
    languages: list[str] = field(default_factory=list)
    language: str = ENGLISH

    def read(self, document: Document) -> None:
        """Add one document."""
        self.excluded.update(document.left_out)
        question: int | None = None
        starts = [before for before, _ in document.pages]
        for text, self.language, before in _sentences(document.blocks, bool(starts)):
            if starts:
                self.page = document.pages[bisect_right(starts, before) - 1][1]
            places = self.add(text)
            asks = is_question(text)
            if question is not None and not asks:
                self.pair([question], places)
            question = places[-1] if asks and places else None
        self.page = None

    def pair(self, questions: list[int], answers: list[int]) -> None:
        """Add a question's answer, by the indices of their parts; the last part of the question
        asks.
        """
        for answer in answers:
            if questions and questions[-1] != answer:
                self.answers[questions[-1], answer] += 1

    def add(self, text: str) -> list[int]:
        """Return the indices of a sentence's parts, none if it is left out."""
        known = without_private(visible(text))
        if known is None:
            self.excluded["characters of private use"] += 1
            return []
        text = normalise(" ".join(known.split()))
        if not any(map(str.isalpha, text)):
            self.excluded["without letters"] += 1
            return []
        parts = list(self._parts(text))
        self.cut += len(parts) > 1
        found = [place for part in parts if (place := self._place(part)) is not None]
        fragment = "" if self.page is None else f"#page={self.page}"
        if self.file and (held := file_place(self.file, fragment)) is not None:
            for place in found:
                self.places.add(place, held)
        return found

    def _parts(self, text: str) -> Iterator[str]:
        while len(text) > (most := max(1, min(LONGEST, self.reach(text)))):
            end = cut_place(text, most)
            yield text[:end].strip()
            text = text[end:].strip()
        yield text

    def _place(self, text: str) -> int | None:
        if text in self.sentences:
            self.merged += 1
            return self.sentences[text]
        if self.limit is not None and len(self.sentences) >= self.limit:
            self.excluded["beyond the limit"] += 1
            return None
        self.languages.append(self.language)
        return self.sentences.setdefault(text, len(self.sentences))


def _sentences(blocks: list[str], counted: bool) -> Iterator[tuple[str, str, int]]:
    """Yield the sentences of a document's blocks, split by the rules of their language, that language,
    and the number of letters before each; 0 unless `counted`.
    """
    of_document = language_of(_sample(blocks)) or ENGLISH
    before = 0
    for block in map(visible, blocks):
        short = len(block) < LONG_BLOCK
        own = None if short or is_written_in(block, of_document) else language_of(block)
        inside = 0
        language = own or of_document
        for sentence in split_sentences(block, language):
            yield sentence, language, before + inside
            inside += letters(sentence) if counted else 0
        before += letters(block) if counted else 0


def _sample(blocks: list[str]) -> str:
    taken: list[str] = []
    for block in blocks:
        taken.append(block[:LONGEST_SAMPLE])
        if sum(map(len, taken)) >= LONGEST_SAMPLE:
            break
    return " ".join(taken)


@dataclass(frozen=True)
class FoundFiles:
    """The documents at a path, in the order of their names, and numbers of other files by reason."""

    documents: list[Path]
    others: Counter[str] = field(default_factory=Counter)


def find_documents(path: Path, exclude: tuple[str, ...] = ()) -> FoundFiles:
    """Return the documents at a path; `exclude` are patterns of names or of paths below it.

    Hidden files and folders, and links that lead elsewhere, are skipped and counted.
    """
    if path.is_file():
        return FoundFiles([path] if path.suffix.lower() in KINDS else [])
    found = FoundFiles([])
    home = path.resolve()
    for file in sorted(path.rglob("*")):
        parts = file.relative_to(path).parts
        hidden = next((n for n, part in enumerate(parts, 1) if part.startswith(".")), None)
        if hidden is not None:
            found.others["hidden files and folders"] += hidden == len(parts)
        elif not file.is_file():
            found.others["links that lead elsewhere"] += file.is_symlink()
        elif any(_matches(parts, pattern) for pattern in exclude):
            found.others["files that --exclude names"] += 1
        elif not file.resolve().is_relative_to(home):
            found.others["links that lead elsewhere"] += 1
        elif file.suffix.lower() in KINDS:
            found.documents.append(file)
        else:
            found.others["files of another kind"] += 1
    return FoundFiles(found.documents, +found.others)


def _matches(parts: tuple[str, ...], pattern: str) -> bool:
    """Return whether a pattern matches a file, a folder above it, or the path of either."""
    pattern = pattern.rstrip("/").removeprefix("./")
    above = ("/".join(parts[:n]) for n in range(1, len(parts) + 1))
    return any(fnmatchcase(name, pattern) for name in (*parts, *above))


def refuse_bytes(path: Path, found: list[Path]) -> None:
    """Raise BadInput for more than `MOST_BYTES` together, before reading any."""
    # A file that is too large itself is left out, whatever the size of the others.
    sizes = (file.stat().st_size for file in found)
    total = sum(size for size in sizes if size <= LARGEST)
    if total > MOST_BYTES:
        raise BadInput(
            f"{path} has {total / 1000000.0:,.0f} MB of documents, more than the limit of "
            f"{MOST_BYTES / 1000000.0:,.0f} MB per source; ingest its folders one by one, or "
            "leave some out with --exclude."
        )


def read_documents(
    path: Path,
    found: FoundFiles,
    limit: int | None = None,
    reach: Callable[[str], int] = whole,
) -> Reading:
    """Return the sentences of documents and of files of questions.

    In a folder an unreadable file is left out, with the reason; raises BadInput if it is the only
    one, or all are.
    """
    reading = Reading(limit, reach, excluded=Counter(found.others))
    home = path if path.is_dir() else path.parent
    for file in found.documents:
        reading.file, reading.page = file.relative_to(home).as_posix(), None
        try:
            reading.stamps[file] = file_stamp(file)
            read_file(file, reading)
        except (BadInput, OSError) as error:
            if path.is_file():
                raise
            name = readable(file.relative_to(path).as_posix())
            reading.unread.append(UnreadFile(name, readable(error)))
            reading.excluded[UNREADABLE] += 1
        else:
            reading.files.append(file)
    if reading.places.left_out:
        reading.excluded[MORE_PLACES] = reading.places.left_out
    if reading.unread and not reading.files:
        first = reading.unread[0].reason
        raise BadInput(
            f"{readable(path)}: none of its {len(reading.unread)} documents can be read; the first: "
            f"{first}"
        )
    return reading


def file_stamp(file: Path) -> tuple[int, int]:
    """Return the size of a file and when it was changed, in nanoseconds."""
    state = file.stat()
    return state.st_size, state.st_mtime_ns


def read_file(file: Path, reading: Reading) -> None:
    """Add a document or a file of questions; raises BadInput if it cannot be read."""
    refuse_pointer(file)
    if file.suffix.lower() in READERS:
        reading.read(READERS[file.suffix.lower()](file))
        return
    questions = question_files.read_questions(file)
    if questions.unanswered:
        reading.excluded["questions without an answer"] += questions.unanswered
    for context in dict.fromkeys(questions.contexts):
        reading.read(Document(paragraphs(context)))
    texts = [text for pair in questions.pairs for text in pair]
    reading.language = language_of(_sample(texts)) or ENGLISH
    for question, answer in questions.pairs:
        reading.pair(reading.add(question), reading.add(answer))
