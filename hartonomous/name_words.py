"""The words of names: labels of several words, and identifiers read by their parts.

A label is its words, as a person reads them: `traffic light`. An identifier is split where a person
sees a border: at every character that is no letter and no digit, between letters and digits, and
where capitals begin a word: `HTTPServer2`. Words are in lower case.
"""

from __future__ import annotations

import re
import unicodedata

from hartonomous.identity import normalise
from hartonomous.schema import find_kind

MOST = 16
"""Words of one name that are linked: the first."""

READING = 1
"""The version of these rules; a graph that another version linked is linked anew."""

_WORD = re.compile(r"\w+(?:['\u2019-]\w+)*")
# Of the kinds of characters: capitals U, the letter s, other letters L, digits D.
_PART = re.compile("UU+s(?![Ls])|U+(?![Ls])|U?[Ls]+|D+")


def text_words(text: str) -> list[str]:
    """Return the words of a text, in order and in their case.

    >>> text_words("The king's men: the KING, and so-called men!")
    ['The', "king's", 'men', 'the', 'KING', 'and', 'so-called', 'men']
    """
    return _WORD.findall(text)


def identifier_words(text: str) -> tuple[str, ...]:
    """Return the parts of an identifier, in order.

    >>> identifier_words("HTTPServer2"), identifier_words("get_user")
    (('http', 'server', '2'), ('get', 'user'))
    >>> identifier_words("std::io::Error#kind"), identifier_words("$app/models.py")
    (('std', 'io', 'error', 'kind'), ('app', 'models', 'py'))
    >>> identifier_words("parseURLsById"), identifier_words("MAX_SIZE"), identifier_words("ÄrmelLänge")
    (('parse', 'urls', 'by', 'id'), ('max', 'size'), ('ärmel', 'länge'))
    >>> identifier_words("dogma"), identifier_words("hotDog"), identifier_words("__")
    (('dogma',), ('hot', 'dog'), ())
    """
    text = normalise(text)
    kinds: list[str] = []
    for character in text:
        kinds.append(_kind(character, kinds[-1] if kinds else "-"))
    return tuple(
        normalise(text[found.start() : found.end()].lower())
        for found in _PART.finditer("".join(kinds))
    )


def _kind(character: str, before: str) -> str:
    if character.isalpha():
        if character.isupper() or character.istitle():
            return "U"
        return "s" if character == "s" else "L"
    if character.isnumeric():
        return "D"
    # A mark belongs to the letter before it.
    return before if unicodedata.category(character)[0] == "M" else "-"


def linked_words(text: str, kind: str) -> tuple[str, ...]:
    """Return the words that a composition is linked to, at most 16; none unless it is an identifier
    or a label of several words.

    >>> linked_words("Traffic light", "Token"), linked_words("UserName", "Symbol")
    (('traffic', 'light'), ('user', 'name'))
    >>> linked_words("dog", "Token"), linked_words("dog", "Symbol"), linked_words("a dog", "Sentence")
    ((), ('dog',), ())
    """
    record = find_kind(kind)
    if record.identifier:
        return identifier_words(text)[:MOST]
    if not record.phrases or " " not in text:
        return ()
    words = tuple(normalise(word.lower()) for word in text_words(text))
    return words[:MOST] if len(words) > 1 else ()
