"""Visible text: without invisible marks, and with presentation forms as letters.

Joiners are kept where they shape letters or emoji (Arabic, Indic, emoji sequences). Hyphens that
only divide a word at the end of a line are removed.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Any

from importers.documents.document_files import module

UNKNOWN = "\ue000"
"""Replacement of a character that a document draws without naming it."""

_JOINED = (
    r"\p{Arabic}\p{Syriac}\p{Mandaic}\p{Nko}\p{Mongolian}\p{Devanagari}\p{Bengali}\p{Gurmukhi}"
    r"\p{Gujarati}\p{Oriya}\p{Tamil}\p{Telugu}\p{Kannada}\p{Malayalam}\p{Sinhala}\p{Myanmar}"
    r"\p{Khmer}\p{Tibetan}\p{Extended_Pictographic}\p{Emoji_Modifier}\uFE0F"
)
_INVISIBLE = (
    r"[\p{Default_Ignorable_Code_Point}\p{Cf}\p{Cc}\p{Noncharacter_Code_Point}"
    # Kept: white space, variation selectors, joiners (below) and signs over numbers.
    r"--\p{White_Space}--[\u001c-\u001f]--\p{Variation_Selector}"
    r"--\p{Prepended_Concatenation_Mark}--[\u200c\u200d]]"
)
_LOOSE_JOINER = rf"(?<![{_JOINED}])[\u200c\u200d]+|[\u200c\u200d]+(?![{_JOINED}])"
_DIVIDED = r"\u00ad\s+"
_WIDE = r"[\p{ea=W}\p{ea=F}--\p{Hangul}--\p{Emoji_Presentation}--\s]"
_UNSPACED = rf"[{_WIDE}\p{{Thai}}\p{{Lao}}\p{{Khmer}}\p{{Myanmar}}]"
_FORMS = (
    # Latin and Armenian ligatures, Arabic forms, Kangxi radicals, half and full width.
    r"[\ufb00-\ufb06\ufb13-\ufb17\ufb50-\ufbc1\ufbd3-\ufd3d\ufd50-\ufdfb\ufe70-\ufefc\u2e80-\u2fd5"
    r"\uff10-\uff19\uff21-\uff3a\uff41-\uff5a\uff66-\uff9d]+"
)
_PRIVATE = r"[\p{Co}\p{Cs}]+"
_TOUCHING = r"[\p{L}\p{M}\p{N}][\p{Co}\p{Cs}]|[\p{Co}\p{Cs}][\p{L}\p{M}\p{N}]"
_DIVISION = (
    r"(?<![\p{L}\p{M}\p{N}])([\p{L}\p{M}\p{N}]++)[\u002d\u2010]\n[^\S\n]*"
    r"(?=([\p{L}\p{M}\p{N}]+))"
)

_PLAIN = re.compile(r"[\t\n\x20-\x7e]*")
"""Text without anything to change."""

KEEP_HYPHEN = frozenset({"half", "self", "well"})
"""First parts of compounds that are hardly ever the first part of a divided word."""

HANGING = frozenset({"and", "or", "to", "und", "oder", "bis", "bzw", "et", "ou", "en", "of", "och"})
"""Words before which a hyphen replaces the rest of a compound: `on- and offline`."""


@cache
def _compiled(pattern: str) -> Any:
    regex = module("regex")
    return regex.compile(pattern, regex.V1)


def visible(text: str) -> str:
    """Return a text without invisible marks, and with presentation forms as letters.

    >>> visible("har\\u00adbour\\u200b o\\ufb03ce\\ufeff"), visible("\\u0645\\u06cc\\u200c\\u0634")
    ('harbour office', 'می\\u200cش')
    """
    if _PLAIN.fullmatch(text):
        return text
    for pattern in (_DIVIDED, _INVISIBLE, _LOOSE_JOINER):
        text = _compiled(pattern).sub("", text)
    return str(_compiled(_FORMS).sub(lambda form: unicodedata.normalize("NFKC", form[0]), text))


def letters(text: str) -> int:
    """Return the number of letters and digits of a text as it is seen; hyphens and spaces may come
    and go.

    >>> letters("o\\ufb03ce 9-\\n5")
    8
    """
    return sum(map(str.isalnum, visible(text)))


def unwrapped(text: str, blank: str = r"[^\S\n]", unspaced: bool = False) -> str:
    """Return a text without line ends between Chinese or Japanese characters.

    There the line was full, and a space would divide a word. `blank` is the white space that may
    surround them; with `unspaced`, Thai, Lao, Khmer and Burmese are joined as well, whose lines
    also end elsewhere.

    >>> unwrapped("\\u6e2f\\u53e3\\n\\u529e\\u516c Port\\n\\u6e2f")
    '港口办公 Port\\n港'
    """
    if text.isascii():
        return text
    wide = _UNSPACED if unspaced else _WIDE
    return str(_compiled(rf"(?<={wide}){blank}*\n{blank}*(?={wide})").sub("", text))


def without_private(text: str) -> str | None:
    """Return a text without private-use characters, None if one touches a letter.

    A separate one is a bullet or an icon; within a word it is an unknown letter.

    >>> without_private("\\uf0b7 Moored."), without_private("\\ue062nancial")
    (' Moored.', None)
    """
    if text.isascii():
        return text
    if _compiled(_TOUCHING).search(text):
        return None
    return str(_compiled(_PRIVATE).sub("", text))


def undivided(text: str) -> str:
    """Return a text of lines with words divided at line ends joined.

    The hyphen is kept if the text elsewhere has the word with one, or both parts separately.

    >>> undivided("The administra-\\ntion is well-\\nknown, on-\\nand offline.")
    'The administration is well-known, on- and offline.'
    """
    divided = _compiled(_DIVISION)
    if not divided.search(text):
        return text
    elsewhere = divided.sub(" ", text.lower())
    words = set(_compiled(r"[\p{L}\p{M}]+(?:-[\p{L}\p{M}]+)*").findall(elsewhere))

    def joined(found: Any) -> str:
        first, rest = found[1], found[2]
        return f"{first}{_between(first.lower(), rest, words)}"

    return str(divided.sub(joined, text))


def _between(first: str, rest: str, words: set[str]) -> str:
    """Return the text between two parts of a word on two lines."""
    if rest in HANGING:
        return "- "
    if not rest[:1].islower() or not first.isalpha() or first in KEEP_HYPHEN:
        return "-"
    if first + rest in words:
        return ""
    return "-" if f"{first}-{rest}" in words or (first in words and rest in words) else ""
