"""Documents as blocks of text: plain text, Markdown, HTML, PDF; a block is what stands together.

Documents are untrusted: size is checked before anything is read, encodings are taken as they are
declared (else UTF-8) and never guessed, and a PDF that is locked or holds pictures only is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from hartonomous.errors import BadInput, UsageError

LARGEST = 64 << 20
"""Bytes of one document."""

MOST_TAGS = 500_000
"""Tags of one page of HTML: each takes about a kilobyte once it is parsed."""

MOST_TEXT = 64 << 20
"""Characters that a PDF may unfold to."""

FRONT_MATTER = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)
HTML_BLOCKS = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "caption",
        "dd",
        "details",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "html",
        "li",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "summary",
        "table",
        "td",
        "th",
        "title",
        "tr",
        "ul",
        "br",
    ]
)
HTML_UNREAD = ("script", "style", "template", "noscript", "code", "pre", "svg", "math")


def module(name: str) -> ModuleType:
    """Return a library that the extra `documents` brings; raises UsageError where it is missing."""
    try:
        return import_module(name)
    except ImportError as error:
        raise UsageError(
            f"Reading documents needs {name.partition('.')[0]}: "
            "pip install 'hartonomous[documents,transformers]'."
        ) from error


def text_blocks(path: Path) -> list[str]:
    """Return the blocks of a document by its name's ending; raises BadInput for what is not text."""
    return READERS[path.suffix.lower()](path)


def read_text(path: Path) -> str:
    """Return a UTF-8 text; raises BadInput for excess size, for another encoding, for binary."""
    return decoded(path, read_whole(path), "utf-8-sig")


def read_whole(path: Path) -> bytes:
    """Return a file's bytes; raises BadInput, before any is read, for more than `LARGEST`."""
    size = path.stat().st_size
    if size > LARGEST:
        raise BadInput(
            f"{path} has {size / 1e6:,.0f} MB, and a document of up to {LARGEST / 1e6:,.0f} MB is "
            "read; split it, for instance by chapter."
        )
    return path.read_bytes()


def decoded(path: Path, raw: bytes, encoding: str) -> str:
    """Return the text of bytes; raises BadInput with the place where they are not of the encoding."""
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as error:
        raise BadInput(
            f"{path}, {_place(raw, error.start)}: {error.object[error.start]:#04x} is not "
            f"{encoding.removesuffix('-sig').upper()} ({error.reason}). Save the document as UTF-8."
        ) from error
    except LookupError as error:
        raise BadInput(f"{path} names the encoding {encoding[:40]!r}, which is unknown.") from error
    if (nul := text.find("\0")) >= 0:
        line = text.count("\n", 0, nul) + 1
        raise BadInput(
            f"{path}, line {line}: there is a NUL character, so this is not a text, or is UTF-16. "
            "Save the document as UTF-8."
        )
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _place(raw: bytes, start: int) -> str:
    line = raw.count(b"\n", 0, start) + 1
    return f"line {line}, byte {start}"


def _plain(path: Path) -> list[str]:
    return re.split(r"\n\s*\n", read_text(path))


def _markdown(path: Path) -> list[str]:
    markdown: Any = module("markdown_it")
    text = FRONT_MATTER.sub("", read_text(path))
    parsed = markdown.MarkdownIt("commonmark").enable("table").parse(text)
    return [_inline(token) for token in parsed if token.type == "inline"]


def _inline(token: Any) -> str:
    parts = {"text": None, "code_inline": None, "image": None, "softbreak": " ", "hardbreak": "\n"}
    children = [child for child in token.children or () if child.type in parts]
    return "".join(parts[child.type] or child.content for child in children)


def _html(path: Path) -> list[str]:
    soup: Any = module("bs4")
    detector: Any = module("bs4.dammit").EncodingDetector
    raw = read_whole(path)
    if (tags := raw.count(b"<")) > MOST_TAGS:
        raise BadInput(
            f"{path} has {tags:,} tags; a page of up to {MOST_TAGS:,} is read. Split it."
        )
    declared = detector.find_declared_encoding(raw, is_html=True, search_entire_document=False)
    text = decoded(path, raw, declared or "utf-8-sig")
    try:
        page = soup.BeautifulSoup(text, "html.parser")
    except (RecursionError, AssertionError, ValueError, soup.ParserRejectedMarkup) as error:
        raise BadInput(f"{path} cannot be read as HTML: {error}.") from error
    return list(_page_blocks(page, soup))


def _page_blocks(page: Any, soup: Any) -> Iterator[str]:
    """Yield the text of each run of strings within the same innermost block."""
    block_of: dict[int, int] = {id(page): 0}
    unread: set[int] = set()
    pieces: list[str] = []
    at = 0
    for element in page.descendants:
        above = id(element.parent)
        if isinstance(element, soup.Tag):
            if above in unread or element.name in HTML_UNREAD:
                unread.add(id(element))
            inside = element.name in HTML_BLOCKS
            block_of[id(element)] = id(element) if inside else block_of[above]
            if element.name == "br":
                pieces.append("\n")
        elif type(element) is soup.NavigableString and above not in unread:
            if block_of[above] != at and pieces:
                yield "".join(pieces)
                pieces = []
            at = block_of[above]
            pieces.append(str(element))
    yield "".join(pieces)


def _pdf(path: Path) -> list[str]:
    pdf: Any = module("pypdf")
    read_whole(path)
    try:
        reader = pdf.PdfReader(path)
        if reader.is_encrypted:
            raise BadInput(f"{path} is encrypted; save a copy without a password and give that.")
        pages = list(_pages(path, reader))
    except BadInput:
        raise
    except Exception as error:
        # The parser meets damage with whatever the place it is in raises.
        raise BadInput(
            f"{path} cannot be read as a PDF: {error or type(error).__name__}."
        ) from error
    if not any(page.strip() for page in pages):
        raise BadInput(
            f"{path} holds no text on its {len(pages)} pages, so it is likely scanned; "
            "give a copy that went through text recognition."
        )
    return pages


def _pages(path: Path, reader: Any) -> Iterator[str]:
    total = 0
    for page in reader.pages:
        text = page.extract_text().replace("\0", "")
        total += len(text)
        if total > MOST_TEXT:
            raise BadInput(f"{path} unfolds to more than {MOST_TEXT:,} characters; split it.")
        # A word divided at the end of a line is one word.
        yield re.sub(r"(?<=\w)-\n(?=[a-z])", "", text)


READERS: dict[str, Callable[[Path], list[str]]] = {
    ".txt": _plain,
    ".text": _plain,
    ".md": _markdown,
    ".markdown": _markdown,
    ".html": _html,
    ".htm": _html,
    ".xhtml": _html,
    ".pdf": _pdf,
}
"""How a document is read, by the ending of its name."""
