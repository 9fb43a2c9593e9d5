"""Binary word vectors of word2vec: counts, then each word, a blank, and its float32 numbers.

The format marks the end of a word only by the blank, so a word that contains one would shift its
row and the next. A row is parsed so that the next one begins at a valid start: after a line end if
the file has those, else with a word that is text.
"""

from __future__ import annotations

from collections.abc import Iterator
from mmap import ACCESS_READ, mmap
from pathlib import Path

import numpy as np

from hartonomous.errors import BadInput
from hartonomous.extract.files.untrusted_files import shown
from importers.vectors.text_vectors import LONGEST_LINE, ReadVectors, counts_in

LONGEST_WORD = 1 << 16
MOST_BLANKS = 32
"""Most blanks in a word."""

UNFIT, DOUBTFUL, FIT = range(3)
BLANK, LINE_END = b" ", b"\n"


def read_binary_vectors(path: Path, limit: int | None) -> ReadVectors:
    """Return the vectors of a file, its first `limit` rows.

    Raises BadInput for a file whose rows do not match its counts.
    """
    with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as data:
        begin = data.find(LINE_END, 0, LONGEST_LINE) + 1
        counts = counts_in(data[:begin])
        if counts is None:
            raise BadInput(f"{path} does not begin with word2vec's counts.")
        count, dimensions = counts
        if count * (4 * dimensions + 1) > len(data) - begin:
            raise BadInput(
                f"{path} promises {count} words of {dimensions} numbers but has only "
                f"{len(data) - begin} bytes; it is truncated, or its counts are wrong."
            )
        rows = _Rows(path, data, begin, count, dimensions)
        wanted = min(count, count if limit is None else limit)
        matrix = np.empty((wanted, dimensions), dtype=np.float32)
        words: list[str | None] = []
        for row in range(wanted):
            word, vector = rows.next()
            words.append(word)
            matrix[row] = np.frombuffer(vector, dtype="<f4")
    return ReadVectors(words, matrix, count - wanted)


class _Rows:
    """Walks over the rows of a file."""

    def __init__(self, path: Path, data: mmap, begin: int, count: int, dimensions: int) -> None:
        self._path, self._data, self._place = path, data, begin
        self._count, self._size = count, 4 * dimensions
        self._done = 0
        # The original ends each row with a line end, others do not.
        self._lines: bool | None = None

    def next(self) -> tuple[str, bytes]:
        """Return the next word and the bytes of its vector."""
        begin, last = self._place, self._done == self._count - 1
        ends = list(self._blanks(begin))
        if not ends:
            raise self._refusal("does not end")
        # The first of the best: a word without blanks, in a regular file.
        end = max(ends, key=lambda end: self._fit(end, last))
        self._place = end + 1 + self._size
        if self._place > len(self._data):
            raise BadInput(
                f"{self._path} ends within word {self._done + 1} of {self._count}; it is truncated."
            )
        left = len(self._data) - self._place
        if last and (left > 2 or self._data[self._place :].strip()):
            raise BadInput(
                f"{self._path} promises {self._count} words and continues after them; its counts "
                "are wrong, or words in it contain blanks."
            )
        if self._fit(end, last) == UNFIT and not last:
            self._place = begin
            raise self._refusal("has a row that no other follows")
        if self._lines is None and not last:
            self._lines = self._data[self._place : self._place + 1] == LINE_END
        self._done += 1
        word = self._data[begin:end].removeprefix(LINE_END)
        if self._done == 1 and not self._lines and not _is_sound(word):
            self._place, self._done = begin, 0
            raise self._refusal("is no text")
        return word.decode("utf-8", errors="surrogateescape"), self._data[end + 1 : self._place]

    def _blanks(self, begin: int) -> Iterator[int]:
        """Yield the possible ends of the word at an index: the first blank, and others as long as
        all before is text.
        """
        place = self._data.find(BLANK, begin, begin + LONGEST_WORD)
        for _ in range(MOST_BLANKS):
            if place < 0:
                return
            yield place
            place = self._data.find(BLANK, place + 1, begin + LONGEST_WORD)
            if place >= 0 and not _is_sound(self._data[begin:place].removeprefix(LINE_END)):
                return

    def _fit(self, end: int, last: bool) -> int:
        """Return how well the next row begins, if the word ends at an index."""
        place = end + 1 + self._size
        if last:
            ended = place == len(self._data) or self._data[place:] == LINE_END
            return FIT if ended else UNFIT
        begun = self._data[place : place + 1] == LINE_END
        if self._lines is not None and begun != self._lines:
            return UNFIT
        following = self._data.find(BLANK, place + begun, place + LONGEST_WORD)
        sound = following > 0 and _is_sound(self._data[place + begun : following])
        # If rows end in line ends, those show that everything is aligned, whatever the word is.
        if following < 0 or not (sound or begun):
            return UNFIT
        # A number whose last byte is a blank was read one number too early.
        whole = sound and BLANK not in self._data[end + 1 : place][3::4]
        return FIT if whole else DOUBTFUL

    def _refusal(self, what: str) -> BadInput:
        word = self._data[self._place : self._place + 16].decode("utf-8", errors="replace")
        return BadInput(
            f"{self._path}: word {self._done + 1} ({shown(word)}) {what}; the file is damaged, "
            "is not word2vec's, or words in it contain blanks: save it as text, or with _ for "
            "the blanks."
        )


def _is_sound(word: bytes) -> bool:
    """Return whether bytes are non-empty text without control characters."""
    try:
        text = word.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return bool(text) and min(text) >= " " and "\x7f" not in text
