"""Sound documents made at random, each with the letters a person would read in it.

Text of many scripts, with invisible marks and ligatures strewn in, is set as plain text, as HTML under
a web encoding, as Markdown or as a PDF, among what nobody reads: code blocks, scripts, comments.
"""

from __future__ import annotations

import codecs
import csv
import html
import io
import json
import random
from collections.abc import Callable
from pathlib import Path

from soak.document_readers import letters
from tests.document_files import write_drawn

WORDS = (
    *(
        "harbour",
        "office",
        "opens",
        "boat",
        "master",
        "fee",
        "card",
        "nine",
        "pays",
        "north",
        "quay",
    ),
    *("U.S.", "e.g.", "Dr.", "caf\u00e9", "Stra\u00dfe", "na\u00efve", "\u0142\u00f3d\u017a"),
    *("a\u00e7\u0131l\u0131r", "\u043f\u043e\u0440\u0442", "\u03bb\u03b9\u03bc\u03ac\u03bd\u03b9"),
    *(
        "\u0645\u064a\u0646\u0627\u0621",
        "\u05e0\u05de\u05dc",
        "\u092c\u0902\u0926\u0930\u0917\u093e\u0939",
    ),
    *(
        "\u6e2f\u53e3",
        "\u529e\u516c\u5ba4",
        "\u6e2f\u306e\u4e8b\u52d9\u6240",
        "\u30d1\u30b9\u30ef\u30fc\u30c9",
    ),
    *("\ud56d\uad6c", "\u0e2a\u0e33\u0e19\u0e31\u0e01\u0e07\u0e32\u0e19", "e\u0301te\u0301"),
)
ENDS = (". ", "? ", "! ", "\u3002", "\uff1f", "\u0964 ", "\u061f ", "\u2026 ", '." ', " ")
STREWN = (
    "\u00ad",
    "\u200b",
    "\ufeff",
    "\u2060",
    "\u200e",
    "\u202b",
    "\U000e0041",
    "\x07",
    "\u034f",
)
ENCODINGS = (
    ("utf-8", "utf-8"), ("iso-8859-1", "cp1252"), ("latin1", "cp1252"), ("us-ascii", "cp1252"),
    ("gb2312", "gb18030"), ("gbk", "gbk"), ("shift_jis", "cp932"), ("euc-kr", "cp949"),
    ("big5", "big5hkscs"), ("euc-jp", "euc_jp"), ("windows-1251", "cp1251"), ("koi8-r", "koi8-r"),
    ("iso-8859-9", "cp1254"), ("tis-620", "cp874"), ("iso-8859-7", "iso8859-7"), ("utf-16", "utf-8"),
    ("windows-1256", "cp1256"), ("iso-8859-8-i", "iso8859-8"), ("iso-2022-jp", "iso2022_jp"),
)  # fmt: skip
"""Labels of pages, and Python's codec of the same bytes."""

MARKED = (
    *((block, "{}") for block in ("{}", "# {}", "- {}", "1. {}", "> {}", "> - {}", "[{}](a.md)")),
    *((block, "{}") for block in ("<p>{}</p>", "<div>\n\n{}\n\n</div>", "- [x] {}")),
    *((block, "x {} x") for block in ("x **{}** x", "x `{}` x", "x ~~{}~~ x", "x <b>{}</b> x")),
    ("<details><summary>{}</summary>\n</details>", "{}"), ("x ![{}](a.png)", "x {}"),
    ("| {} |\n| --- |\n| x |", "{} x"), ("> [!NOTE]\n> {}", "Note {}"), ("x[^1]\n\n[^1]: {}", "x {}"),
)  # fmt: skip
"""Blocks of Markdown around a text, and what of them is seen."""

Made = tuple[bytes, str]
"""A document, and the letters it shows."""


def made(rng: random.Random, suffix: str, folder: Path) -> Made | None:
    """Return a document of a kind that can be made, None for another one."""
    maker = MAKERS.get(suffix)
    return maker(rng, folder) if maker else None


def _sentence(rng: random.Random) -> str:
    words = [rng.choice(WORDS) for _ in range(rng.choice((1, 4, 9, 9, 300)))]
    text = " ".join(words)
    for _ in range(rng.choice((0, 0, 1, 5))):
        place = rng.randrange(len(text) + 1)
        text = text[:place] + rng.choice(STREWN) + text[place:]
    return text.replace("fi", "\ufb01") + rng.choice(ENDS)


def _passage(rng: random.Random) -> str:
    return "".join(_sentence(rng) for _ in range(rng.choice((1, 2, 5)))).strip()


def _plain(rng: random.Random, folder: Path) -> Made:
    text = "\n\n".join(_passage(rng) for _ in range(rng.choice((1, 3, 10))))
    text = text.replace("\n", rng.choice(("\n", "\r\n", "\r")))
    mark, codec = rng.choice(
        ((b"", "utf-8"), (codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"),
         (codecs.BOM_UTF16_BE, "utf-16-be"), (codecs.BOM_UTF32_LE, "utf-32-le"))
    )  # fmt: skip
    return mark + text.encode(codec), letters(text)


def _page(rng: random.Random, folder: Path) -> Made:
    label, codec = rng.choice(ENCODINGS)
    body, shown = _elements(rng, rng.choice((1, 2, 3)))
    declared = rng.choice((
        f'<meta charset="{label}">', f"<META CHARSET={label.upper()}>",
        f'<meta content="text/html; charset={label}" http-equiv=content-type>',
        f'<!-- <meta charset="x-mac-cyrillic"> --><style>a{{}}</style><meta charset=" {label} ">',
    ))  # fmt: skip
    text = f"<!doctype html><html><head>{declared}</head><body>{body}</body></html>"
    return text.encode(codec, "xmlcharrefreplace"), letters(shown)


def _elements(rng: random.Random, depth: int) -> tuple[str, str]:
    """Return elements within each other, and the text they show."""
    parts, shown = [], []
    for _ in range(rng.choice((1, 3, 6))):
        if depth and rng.random() < 0.5:
            name = rng.choice(
                ("div", "section", "ul><li", "table><tr><td", "blockquote", "details")
            )
            inner, text = _elements(rng, depth - 1)
            closed = "".join(f"</{one.strip('<>')}>" for one in reversed(name.split("><")))
            parts.append(f"<{name}>{inner}{closed}")
            shown.append(text)
            continue
        text = _passage(rng)
        name = rng.choice(
            ("p", "b", "code", "span", "summary", "a href='x'", "kbd", "h2", "option")
        )
        parts.append(f"<{name}>{html.escape(text)}</{name.split()[0]}>")
        shown.append(text)
        if rng.random() < 0.3:
            unseen = html.escape(_passage(rng))
            parts.append(rng.choice((
                f"<!--{unseen}-->", f"<pre>{unseen}</pre>", f"<script>{unseen}</script>", "<hr>", "<br>",
                f"<template>{unseen}</template>", f"<noscript>{unseen}</noscript>", "<wbr>",
            )))  # fmt: skip
    return "\n".join(parts), " ".join(shown)


def _markdown(rng: random.Random, folder: Path) -> Made:
    blocks, shown = [], []
    if rng.random() < 0.3:
        blocks.append("---\ntitle: Unread\n---")
    for _ in range(rng.choice((1, 3, 8))):
        block, around = rng.choice(MARKED)
        text = " ".join(_passage(rng).split())
        blocks.append(block.format(text if "`" in block else html.escape(text, quote=False)))
        shown.append(around.format(text))
        if rng.random() < 0.3:
            blocks.append(rng.choice((f"```\n{text}\n```", f"    {text}", "***", "<!-- x -->")))
            # Between a list and what is set in from it there must be something.
            blocks.insert(-1, "<hr>")
    return "\n\n".join(blocks).encode(), letters(" ".join(shown))


def _pdf(rng: random.Random, folder: Path) -> Made:
    pages, shown = [], []
    for _ in range(rng.choice((1, 2, 4))):
        drawn, height = b"BT /F1 12 Tf ", 760
        for _ in range(rng.choice((0, 3, 12))):
            size, height = rng.choice((9, 12, 12, 12, 20)), height - rng.choice((16, 16, 24, 40))
            words = [w for w in rng.choices(WORDS, k=6) if w.isascii()]
            line = " ".join([*words, str(rng.randrange(10**6)), _unique(rng)])
            left = rng.choice((72, 72, 90, 320))
            drawn += f"/F1 {size} Tf 1 0 0 1 {left} {height} Tm ({line}) Tj ".encode()
            shown.append(line)
        pages.append(drawn + b"ET")
    file = write_drawn(folder / "made.pdf", pages, squeezed=rng.random() < 0.5)
    return file.read_bytes(), letters(" ".join(shown))


def _unique(rng: random.Random) -> str:
    return "".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=8))


def _json(rng: random.Random, folder: Path) -> Made:
    records, shown = _records(rng)
    value: object = records
    if rng.random() < 0.5:
        qas = [{"question": one["question"], "answers": _answers(rng, one)} for one in records]
        context = _passage(rng)
        paragraph = {"context": context, "qas": qas}
        value, shown = {"data": [{"title": "T", "paragraphs": [paragraph]}]}, shown + context
    elif rng.random() < 0.5:
        value = {"version": 1, "faq": [{**one, "Id": 7} for one in records]}
    ascii_only = rng.random() < 0.5
    return json.dumps(value, ensure_ascii=ascii_only, indent=rng.choice((None, 2))).encode(), shown


def _json_lines(rng: random.Random, folder: Path) -> Made:
    records, shown = _records(rng)
    lines = (json.dumps({**one, "answer": _answers(rng, one)}) for one in records)
    return rng.choice(("\n", "\r\n", "\n\n")).join(lines).encode(), shown


def _csv(rng: random.Random, folder: Path) -> Made:
    records, shown = _records(rng)
    written = io.StringIO(newline="")
    writer = csv.writer(
        written,
        delimiter=rng.choice(",;\t"),
        quoting=rng.choice((csv.QUOTE_MINIMAL, csv.QUOTE_ALL)),
        lineterminator=rng.choice(("\n", "\r\n")),
    )
    writer.writerow(rng.choice((("Question", "answer", "x"), (" question", "ANSWER", "id"))))
    writer.writerows((one["question"], one["answer"], "7") for one in records)
    mark, codec = rng.choice(((b"", "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le")))
    return mark + written.getvalue().encode(codec), shown


def _records(rng: random.Random) -> tuple[list[dict[str, str]], str]:
    """Return questions with an answer each, and their letters."""
    records = [
        {"question": f"{_passage(rng)} w", "answer": f"{_passage(rng)}\n\n{_passage(rng)} w"}
        for _ in range(rng.choice((1, 3, 9)))
    ]
    return records, letters("".join(text for one in records for text in one.values()))


def _answers(rng: random.Random, record: dict[str, str]) -> object:
    """Return an answer in one of the shapes that files of questions have."""
    text = record["answer"]
    return rng.choice(([text], [{"text": text, "answer_start": 0}], {"text": [text]}))


MAKERS: dict[str, Callable[[random.Random, Path], Made]] = {
    ".txt": _plain,
    ".html": _page,
    ".md": _markdown,
    ".pdf": _pdf,
    ".json": _json,
    ".jsonl": _json_lines,
    ".csv": _csv,
}
