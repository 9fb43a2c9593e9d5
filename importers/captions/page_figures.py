"""Page figures: the pictures of a web page with their alternative texts and figure captions."""

from __future__ import annotations

from pathlib import Path

from importers.documents.document_files import module
from importers.documents.web_pages import page_html


def page_captions(path: Path) -> list[tuple[str, str]]:
    """Return the address of each picture of a page with what the page says of it: its alternative
    text, and the caption of the figure that it stands in.

    Raises BadInput for a page that is too large or no text.
    """
    parser = module("selectolax.lexbor").LexborHTMLParser(page_html(path))
    found: list[tuple[str, str]] = []
    for image in parser.css("img[src]"):
        address = image.attributes.get("src") or ""
        said = [image.attributes.get("alt") or ""]
        figure = image.parent
        while figure is not None and figure.tag != "figure":
            figure = figure.parent
        if figure is not None:
            said += [one.text(separator=" ") for one in figure.css("figcaption")]
        if not address.startswith("data:"):
            found += [(address, text) for text in said if text.strip()]
    return found
