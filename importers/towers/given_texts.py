"""Given texts: what a dual encoder compares with pictures, as compositions.

They are the lines of a file, or where none is given, the words in the names of the pictures' files and
folders. A text of more than eight words, or that ends as a sentence does, is a sentence, kept as written;
others are words and labels, in lower case.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from hartonomous.errors import BadInput, UsageError
from hartonomous.extract.files.untrusted_files import read_bounded
from hartonomous.extract.input_texts import decoded
from hartonomous.identity import normalise
from hartonomous.pictures.label_texts import is_sentence, label_text
from hartonomous.schema import SENTENCE, TOKEN

MOST_BYTES = 64 << 20
LONGEST = 1_000
"""Most characters of a text."""

BLANK = "{}"
"""Where a template has the text."""

_WORD = re.compile(r"[^\W\d_]{2,}(?:['\u2019-][^\W\d_]+)*")


@dataclass(frozen=True)
class GivenTexts:
    """Texts in order, without repetition, and of each whether it is a sentence; `excluded` counts what
    was left out, by reason.
    """

    texts: tuple[str, ...]
    sentences: tuple[bool, ...]
    excluded: tuple[tuple[str, int], ...] = ()

    @property
    def kinds(self) -> list[str]:
        return [SENTENCE if one else TOKEN for one in self.sentences]


def read_texts(file: Path) -> GivenTexts:
    """Return the texts of a file, one a line.

    Raises BadInput for a file that is not text, is too large, or has no text.
    """
    lines = decoded(file, read_bounded(file, MOST_BYTES)).split("\n")
    found = _texts(lines)
    if not found.texts:
        raise BadInput(f"{file} holds no text; write words, phrases or captions, one a line.")
    return found


def name_texts(names: Sequence[str]) -> GivenTexts:
    """Return the words in the names of pictures: of each name as a phrase, and of its innermost folder.

    >>> name_texts(["cats/white_cat_03.jpg", "cats/IMG_1.jpg"]).texts
    ('white cat', 'cats', 'img')
    """
    found = []
    for name in names:
        path = PurePosixPath(name)
        parts = [path.stem, *([path.parent.name] if path.parent.name else [])]
        found += [" ".join(_WORD.findall(part.replace("_", " "))) for part in parts]
    return _texts(found)


def refuse_template(template: str) -> str:
    """Return a template; raises UsageError unless it says where the text stands, once."""
    if template.count(BLANK) != 1:
        raise UsageError(
            f"The template {template!r} has to have {BLANK} once, where the text stands: "
            "--template 'a photo of a {}'."
        )
    return template


def prompts(texts: GivenTexts, template: str) -> list[str]:
    """Return what a model is given of each text by a template; sentences are given as they are."""
    return [
        text if sentence else template.replace(BLANK, text)
        for text, sentence in zip(texts.texts, texts.sentences, strict=True)
    ]


def _texts(lines: Sequence[str]) -> GivenTexts:
    found: dict[str, bool] = {}
    long = repeated = 0
    for line in lines:
        text = normalise(" ".join(line.split()))
        if not text:
            continue
        if len(text) > LONGEST:
            long += 1
            continue
        text = label_text(text)
        repeated += text in found
        found.setdefault(text, is_sentence(text))
    counted = {f"texts longer than {LONGEST:,} characters": long, "texts given twice": repeated}
    excluded = tuple((reason, count) for reason, count in counted.items() if count)
    return GivenTexts(tuple(found), tuple(found.values()), excluded)
