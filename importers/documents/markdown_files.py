"""Markdown files as blocks of text, by way of HTML.

CommonMark with GitHub's tables, task lists, alerts and footnotes is converted to HTML, with raw
HTML kept, and read as a page; so text within raw elements is read as a browser shows it.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from hartonomous.errors import BadInput
from importers.documents import web_pages
from importers.documents.document_files import Document, module, paragraphs, read_text

MOST_NESTING = 100
"""Deepest nesting of quotes and lists; the parser silently skips deeper ones."""

MOST_BRACKETS = 2_000
"""Deepest nesting of square brackets: the time to resolve them grows quadratically."""

FOOTNOTES = {
    "footnote_ref": "",
    "footnote_reference_open": "<div>",
    "footnote_reference_close": "</div>",
}
"""Footnotes in HTML: a reference that is not read, and a block."""

_FRONT_MATTER = re.compile(
    r"\A(?:---[ \t]*\n(?P<yaml>(?:.*\n)*?)(?:---|\.\.\.)"
    r"|\+\+\+[ \t]*\n(?P<toml>(?:.*\n)*?)\+\+\+)[ \t]*(?:\n|\Z)"
)
_BRACKET = re.compile(r"[\[\]]")
_SETTING = re.compile(r"[\w.\"'-]+\s*[:=](?:\s|$)|#|\[|\s*$")
_SWALLOWING = re.compile(
    r"<(?=/?(?:title|textarea|xmp|iframe|noembed|noframes|plaintext|select|option)\b)",
    re.IGNORECASE,
)


def read_markdown(path: Path) -> Document:
    """Return the blocks of a Markdown file.

    Raises BadInput for another encoding, and for nesting that the parsers do not read.
    """
    text, settings = _without_front_matter(read_text(path))
    _refuse_brackets(path, text)
    html = _rendered(path, text)
    if (tags := html.count("<")) > web_pages.MOST_TAGS:
        raise BadInput(f"{path} has {tags:,} tags; the limit is {web_pages.MOST_TAGS:,}. Split it.")
    web_pages.refuse_nesting(path, html)
    document = web_pages.page_document(html)
    if settings:
        document.left_out["front matter"] += 1
    return document


def _refuse_brackets(path: Path, text: str) -> None:
    for paragraph in paragraphs(text):
        depth = deepest = 0
        for bracket in _BRACKET.finditer(paragraph):
            depth = max(0, depth + (1 if bracket[0] == "[" else -1))
            deepest = max(deepest, depth)
        if deepest > MOST_BRACKETS:
            raise BadInput(
                f"{path} has {deepest:,} square brackets within each other; the limit is "
                f"{MOST_BRACKETS:,}. Close them."
            )


def _without_front_matter(text: str) -> tuple[str, bool]:
    """Return a text without its front matter, and whether it had any."""
    found = _FRONT_MATTER.match(text)
    if found is None:
        return text, False
    lines = (found["yaml"] or found["toml"] or "").split("\n")
    # Between two rules there may be text; settings begin with a name.
    if not _SETTING.match(next((line for line in lines if line.strip()), "")):
        return text, False
    return text[found.end() :], any(line.strip() for line in lines)


def _rendered(path: Path, text: str) -> str:
    """Return a Markdown text as HTML, with footnotes where they are defined."""
    parser: Any = module("markdown_it").MarkdownIt(
        "commonmark",
        {"html": True, "maxNesting": MOST_NESTING, "tasklists": True, "alerts": True},
    )
    parser.enable(["table", "strikethrough"])
    parser.use(module("mdit_py_plugins.footnote").footnote_plugin, inline=False)
    # At the end of the page there would be only referenced footnotes, one per name.
    parser.disable("footnote_tail")
    for kind, html in FOOTNOTES.items():
        parser.add_render_rule(kind, lambda *_, html=html: html)
    tokens = parser.parse(text)
    if any(token.level >= MOST_NESTING - 1 for token in tokens):
        raise BadInput(
            f"{path} nests quotes and lists {MOST_NESTING} deep or deeper, which is not "
            "supported. Split it."
        )
    html = _SWALLOWING.sub("&lt;", parser.renderer.render(tokens, parser.options, {}))
    return _closed(_closed(html, "script"), "style")


def _closed(html: str, name: str) -> str:
    """Return a page with the unclosed tags of an element as text, because they would hide the rest."""
    lower = html.lower()
    last = lower.rfind(f"</{name}") if len(lower) == len(html) else -1
    end = max(last, 0)
    opened = re.compile(rf"<(?={name}\b)", re.IGNORECASE)
    return html[:end] + opened.sub("&lt;", html[end:])
