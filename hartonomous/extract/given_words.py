"""Given words: a list of words, names and phrases that a model is run over.

A file has one on each line, with its frequency behind a tab where that is known. `en:50000` instead of
a file is the 50,000 commonest words of a language, from the package wordfreq.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from blake3 import blake3
from numpy.typing import NDArray

from hartonomous.bundle import OpenedFile
from hartonomous.errors import BadInput, NotFound, UsageError
from hartonomous.extract.files.untrusted_files import read_bounded, shown
from hartonomous.extract.input_texts import decoded
from hartonomous.extract.vocabulary import LONGEST
from hartonomous.file_names import readable
from hartonomous.identity import normalise

MOST_BYTES = 256 << 20
"""Most bytes of a list: about ten million phrases."""

COMMONEST = re.compile(r"([a-z]{2,3}(?:-[A-Za-z]+)?):([1-9]\d{0,6})")
"""A language and a number of its commonest words."""


@dataclass(frozen=True)
class GivenWords:
    """The lines of a list in their order: NFC, white space as single spaces, repetitions included.

    `frequencies` (n,) float64, 0 for a line without one, in any unit.
    """

    file: OpenedFile
    texts: tuple[str, ...]
    frequencies: NDArray[np.float64]

    def commonest(self, limit: int | None) -> tuple[str, ...]:
        """Return the texts, at most `limit`: those of highest frequency, in the list's order."""
        if limit is None or limit >= len(self.texts):
            return self.texts
        # Stable: without frequencies, and among equal ones, the first.
        chosen = np.sort(np.argsort(-self.frequencies, kind="stable")[:limit])
        return tuple(self.texts[row] for row in chosen)


def read_given_words(source: Path) -> GivenWords:
    """Return the words of a file, or the commonest of a language (`en:50000`).

    Raises NotFound if there is no such file; BadInput for one that is empty, not UTF-8, too large, or
    has a line that is longer than LONGEST characters or of another form; UsageError without wordfreq,
    or for a language that it does not have.
    """
    if found := COMMONEST.fullmatch(str(source)):
        if not source.exists():
            return _commonest(found[1], int(found[2]))
    elif not source.is_file():
        raise NotFound(
            f"There is no list of words at {source}. Give a text file with one word or phrase a line, "
            "or a language and a number: en:50000."
        )
    return _from_file(source)


def _from_file(path: Path) -> GivenWords:
    raw = read_bounded(path, MOST_BYTES)
    texts: list[str] = []
    frequencies: list[float] = []
    for number, line in enumerate(decoded(path, raw).split("\n"), start=1):
        text, tab, frequency = line.partition("\t")
        text = normalise(" ".join(text.split()))
        if not text and not frequency.strip():
            continue
        where = f"{path}, line {number}"
        _refuse_unlike(where, text)
        texts.append(text)
        frequencies.append(_frequency(where, frequency) if tab else 0.0)
    if not texts:
        raise BadInput(f"{path} is empty; give one word or phrase a line.")
    file = OpenedFile(f"words/{readable(path.name)}", blake3(raw).hexdigest(), len(raw))
    return GivenWords(file, tuple(texts), np.array(frequencies))


def _refuse_unlike(where: str, text: str) -> None:
    """Raise BadInput for what is no word or phrase."""
    if not text:
        raise BadInput(
            f"{where} has a frequency and no word; write the word, a tab, the frequency."
        )
    if len(text) > LONGEST:
        raise BadInput(
            f"{where} has {len(text):,} characters ({shown(text[:40])}…); a word or phrase has at most "
            f"{LONGEST}. Texts are ingested as documents, or read (--read)."
        )


def _frequency(where: str, written: str) -> float:
    try:
        frequency = float(written)
    except ValueError:
        frequency = math.nan
    if not math.isfinite(frequency) or frequency < 0:
        raise BadInput(
            f"{where}: {shown(written)} behind the tab is not a frequency, a number from 0 up."
        )
    return frequency


def _commonest(language: str, count: int) -> GivenWords:
    try:
        library: Any = import_module("wordfreq")
    except ImportError as error:
        raise UsageError(
            f"{language}:{count} needs the package wordfreq: pip install 'hartonomous[words]'. Or give a "
            "file with one word a line."
        ) from error
    try:
        # Ordered by frequency, equal ones as the package has them.
        words = library.top_n_list(language, count)
        frequencies = library.get_frequency_dict(language)
    except LookupError as error:
        known = ", ".join(sorted(library.available_languages()))
        raise UsageError(
            f"wordfreq has no list of the language {language!r}; there are {known}."
        ) from error
    texts = tuple(map(normalise, words))
    listed = "".join(f"{text}\n" for text in texts).encode()
    file = OpenedFile(f"words/{language}:{count}", blake3(listed).hexdigest(), len(listed))
    return GivenWords(file, texts, np.array([frequencies.get(word, 0.0) for word in words]))
