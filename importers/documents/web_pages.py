"""Web pages: the visible text of a browser's parse tree, as blocks.

The text within one innermost block element is one block. Scripts, styles and templates are not
text; code blocks, drawings and other elements without sentences are left out and counted.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hartonomous.errors import BadInput
from importers.documents.document_files import Document, module, read_whole
from importers.documents.visible_text import unwrapped
from importers.documents.web_encodings import page_text

MOST_TAGS = 500_000
"""Most tags of one page: each takes some hundred bytes after parsing."""

MOST_DEPTH = 1_000
"""Most open elements: a parser searches all of them to place a block."""

MOST_REOPENED = 10_000_000
"""Most unclosed formatting elements times blocks: each block reopens all of them."""


def _names(names: str) -> list[str]:
    return names.split()


BLOCKS = frozenset(
    _names(
        "address article aside blockquote body button caption center dd details dialog dir div dl dt "
        "fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header hgroup hr html legend li "
        "main menu nav ol optgroup option p search section select summary table tbody td textarea "
        "tfoot th thead title tr ul"
    )
)
"""Elements whose text is separate from their surroundings."""

BREAK = "\0"
"""Replacement of a page's own line break until white space is collapsed; no page contains it."""

UNSEEN = frozenset(
    _names("annotation annotation-xml datalist iframe noembed noframes script style template")
)
"""Elements with invisible content."""

LEFT_OUT = {
    **dict.fromkeys(("pre", "listing", "xmp", "plaintext"), "code blocks"),
    **dict.fromkeys(("rt", "rp", "rtc"), "ruby annotations"),
    "noscript": "texts for browsers without scripts",
    "svg": "drawings with text",
}
"""Elements without sentences, with the reason under which they are counted if they contain text."""

LONGEST_HEAD = 1 << 20
"""Characters within which an encoding may be declared."""

_NAMES_OF_DRAWINGS = ("title", "desc", "style", "script")
_FORMATTING = frozenset(_names("a b big code em font i nobr s small strike strong tt u"))
_NOT_NESTED = frozenset(
    _names(
        "area base br col embed hr img input link meta param source track wbr p li dd dt option "
        "optgroup td tr th thead tbody tfoot rt rp"
    )
)
_TAG = re.compile(
    # Their content is not tags, such as the comparisons of a script.
    r"<!--.*?(?:-->|\Z)|<(?P<raw>script|style|textarea|title|xmp)\b.*?(?:</(?P=raw)\b|\Z)"
    r"|<(?P<end>/?)(?P<name>[a-z][a-z0-9-]{0,30})",
    re.IGNORECASE | re.DOTALL,
)
_SPACE = re.compile(r"[ \t\n\f\r]+")
_XML_ENCODING = re.compile(r"\s*<\?xml\b[^>]{0,200}?\bencoding\s*=\s*[\"']([^\"'>]{1,100})[\"']")
_CHARSET = re.compile(r"charset\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s;\"']+))", re.IGNORECASE)


def read_page(path: Path) -> Document:
    """Return the blocks of a page of HTML or XHTML, decoded as declared.

    Raises BadInput as `page_html` does.
    """
    return page_document(page_html(path))


def page_html(path: Path) -> str:
    """Return the source of a page of HTML or XHTML, decoded as declared.

    Raises BadInput for bytes outside the encoding, too many tags, or too deep nesting.
    """
    raw = read_whole(path)
    if (tags := raw.count(b"<")) > MOST_TAGS:
        raise BadInput(f"{path} has {tags:,} tags; the limit is {MOST_TAGS:,}. Split it.")
    # The declaration is ASCII in all encodings that can be declared.
    shape = raw.decode("latin-1")
    refuse_nesting(path, shape)
    return page_text(path, raw, _declared(shape))


def refuse_nesting(path: Path, html: str) -> None:
    """Raise BadInput for a page that would take a parser excessive time or memory."""
    opened: Counter[str] = Counter()
    now, most = {True: 0, False: 0}, {True: 0, False: 0}
    for tag in _TAG.finditer(html):
        name = (tag["name"] or "").lower()
        if not name or name in _NOT_NESTED or (tag["end"] and not opened[name]):
            continue
        step, formatting = -1 if tag["end"] else 1, name in _FORMATTING
        opened[name] += step
        now[formatting] += step
        most[formatting] = max(most[formatting], now[formatting])
    if most[False] > MOST_DEPTH or most[True] * html.count("<") > MOST_REOPENED:
        raise BadInput(
            f"{path} has {max(most.values()):,} elements within each other that are not closed, "
            "which regular pages do not have. Close them."
        )


def page_document(html: str) -> Document:
    """Return the blocks of a page's text, and the omitted parts."""
    walk = _Walk()
    page = module("selectolax.lexbor").LexborHTMLParser(html)
    blocks = [block for block in walk.blocks(page.root) if block and not block.isspace()]
    return Document(blocks, walk.left_out)


def _declared(shape: str) -> str | None:
    """Return the label declared in an element, else in an XML declaration."""
    page = module("selectolax.lexbor").LexborHTMLParser(shape[:LONGEST_HEAD])
    for meta in page.css("meta"):
        attributes = {name.lower(): value or "" for name, value in meta.attributes.items()}
        if "charset" in attributes:
            return attributes["charset"].strip()
        kind = attributes.get("http-equiv", "").strip().lower()
        found = _CHARSET.search(attributes.get("content", ""))
        if kind == "content-type" and found:
            return next(filter(None, found.groups()), "").strip() or None
    declared = _XML_ENCODING.match(shape)
    return declared[1].strip() if declared else None


class _Walk:
    """One pass over a page's nodes in the order of the text."""

    def __init__(self) -> None:
        self.left_out: Counter[str] = Counter()
        self._block_of: dict[int, int] = {}
        self._unread: dict[
            int, int
        ] = {}  # nodes below an element that is not read, by that element
        self._reasons: dict[int, str] = {}  # of such elements, until they are counted
        self._pieces: list[str] = []
        self._at = 0

    def blocks(self, root: Any) -> Iterator[str]:
        """Yield the text of each run of strings within the same innermost block."""
        for node in root.traverse(include_text=True):
            above = node.parent.mem_id if node.parent is not None else 0
            if node.tag == "-text":
                if above in self._unread:
                    self._count(self._unread[above], node)
                    continue
                if self._block_of.get(above, 0) != self._at:
                    yield self._finished(self._block_of.get(above, 0))
                self._pieces.append(node.text_content or "")
            elif above in self._unread:
                self._unread[node.mem_id] = self._unread[above]
            elif self._opened(node, above):
                yield self._finished(node.mem_id)
        yield self._finished(0)

    def _opened(self, node: Any, above: int) -> bool:
        """Enter an element; return whether it begins a block."""
        name, here = node.tag, node.mem_id
        begins = name in BLOCKS or LEFT_OUT.get(name) == "code blocks"
        self._block_of[here] = here if begins else self._block_of.get(above, 0)
        if name in UNSEEN or name in LEFT_OUT:
            self._unread[here] = here
            if name in LEFT_OUT:
                self._reasons[here] = LEFT_OUT[name]
        elif name == "br":
            self._pieces.append(BREAK)
        elif name == "img":
            self._pieces.append(node.attributes.get("alt") or "")
        return begins

    def _count(self, unread: int, node: Any) -> None:
        """Count an element that is not read, once, if it contains letters."""
        text = node.text_content or ""
        hidden = node.parent is not None and node.parent.tag in _NAMES_OF_DRAWINGS
        if unread in self._reasons and not hidden and any(map(str.isalpha, text)):
            self.left_out[self._reasons.pop(unread)] += 1

    def _finished(self, block: int) -> str:
        text = unwrapped("".join(self._pieces), r"[ \t\n\f\r]")
        self._pieces.clear()
        self._at = block
        return _SPACE.sub(" ", text).replace(BREAK, "\n")
