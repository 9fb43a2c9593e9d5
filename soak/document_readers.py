"""Readers of documents that share nothing with the importer: which letters a file shows, in order.

Only letters are compared, decomposed and without marks: white space, ligatures and invisible marks
are the importer's to change, letters are not.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from typing import Any

from justhtml import JustHTML

FILLERS = "\u115f\u1160\u3164\uffa0"
"""Letters by name that show nothing."""

UNSEEN = {"script", "style", "template", "datalist", "iframe", "noembed", "noframes", "annotation"}
UNSEEN |= {
    "annotation-xml",
    "pre",
    "listing",
    "xmp",
    "plaintext",
    "rt",
    "rp",
    "rtc",
    "noscript",
    "svg",
}

_LINE = re.compile(r"\r\n|\r")


def letters(text: str) -> str:
    """Return the letters of a text, as a person tells them apart."""
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(c for c in decomposed if c.isalpha() and c not in FILLERS)


def plain(raw: bytes) -> str:
    """Return the letters of a plain text."""
    return letters(_text(raw))


def page(raw: bytes) -> str | None:
    """Return the letters of a page of HTML as a browser builds it, None where it names its encoding."""
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF8)):
        text = _text(raw)
    elif b"charset" in raw.lower().replace(b'charset="utf-8"', b"") or b"<?xml" in raw:
        return None
    else:
        text = raw.decode("utf-8")
    return shown(text)


def shown(html: str) -> str:
    """Return the letters that a page shows, alternative texts among them."""
    parsed = JustHTML(html, sanitize=False, scripting_enabled=False)
    return letters("".join(_shown(parsed.root)))


def _shown(root: Any) -> Iterator[str]:
    pending = [root]
    while pending:
        node = pending.pop()
        if node.name == "#text":
            yield node.data or ""
        elif node.name == "img":
            yield (node.attrs or {}).get("alt") or ""
        if node.name not in UNSEEN:
            pending += reversed(node.children or ())


def markdown(raw: bytes) -> str | None:
    """Return the letters of a Markdown text that has no marks but headings, quotes and lists."""
    text = _text(raw)
    if re.search(
        r"[<>\[\]`&\\|~$!_*:+]|^(?: {4}|\t| *\t|---|\d{10})|^ *[-=]+ *$", text, re.MULTILINE
    ):
        return None
    return letters(text)


def questions(raw: bytes, suffix: str) -> Counter[str]:
    """Return the letters of each context, question and answer of a file, as often as they are given."""
    found: Counter[str] = Counter()
    contexts: dict[str, None] = {}
    for record in _records(raw, suffix):
        named = {str(name).strip().lower(): value for name, value in record.items()}
        if isinstance(named.get("context"), str):
            contexts[named["context"]] = None
        if "question" in named:
            answers = list(
                _answers(named["answers"] if "answers" in named else named.get("answer"))
            )
            found.update({letters(named["question"]): len(answers)})
            found.update(letters(answer) for answer in answers)
    found.update(letters(context) for context in contexts)
    return +found


def _records(raw: bytes, suffix: str) -> Iterator[dict[str, Any]]:
    text = _text(raw)
    if suffix == ".csv":
        delimiter = max(",;\t", key=text.partition("\n")[0].count)
        yield from csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
        return
    texts = [text] if suffix == ".json" else filter(str.strip, text.split("\n"))
    # A line may begin with the mark of the file it came from.
    for value in (json.loads(one.removeprefix("\ufeff")) for one in texts):
        pending = [value]
        while pending:
            one = pending.pop()
            if isinstance(one, dict):
                names = {str(name).strip().lower() for name in one}
                if names & {"question", "context"}:
                    yield one
                pending += [one[name] for name in one if name not in ("answer", "answers")]
            elif isinstance(one, list):
                pending += one


def _answers(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        value = value.get("text")
    for one in [value] if isinstance(value, str) else value:
        text = one["text"] if isinstance(one, dict) else one
        if text.strip():
            yield text


def _text(raw: bytes) -> str:
    marks = {
        codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF32_LE: "utf-32-le", codecs.BOM_UTF32_BE: "utf-32-be",
        codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be",
    }  # fmt: skip
    for mark, codec in marks.items():
        if raw.startswith(mark):
            return _LINE.sub("\n", raw[len(mark) :].decode(codec))
    return _LINE.sub("\n", raw.decode("utf-8"))
