"""Document formats: the reader of a document, by the ending of its name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from importers.documents.document_files import Document, read_plain
from importers.documents.markdown_files import read_markdown
from importers.documents.pdf_files import read_pdf
from importers.documents.web_pages import read_page

READERS: dict[str, Callable[[Path], Document]] = {
    ".txt": read_plain,
    ".text": read_plain,
    ".md": read_markdown,
    ".markdown": read_markdown,
    ".html": read_page,
    ".htm": read_page,
    ".xhtml": read_page,
    ".pdf": read_pdf,
}


def read_document(path: Path) -> Document:
    """Return the blocks of a document; raises BadInput for a file that is not text."""
    return READERS[path.suffix.lower()](path)
