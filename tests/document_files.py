"""The documents of the tests, and PDFs made for one test."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

DOCUMENTS = Path(__file__).parent / "documents"
ASKED = Path(__file__).parent / "asked.tsv"

_FONT = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding"


def write_pdf(
    path: Path, pages: Sequence[Sequence[str]], characters: Mapping[str, str] | None = None
) -> Path:
    """Write a PDF of lines of text a page; a page without lines holds nothing.

    `characters` says which text some bytes stand for, as a font's ToUnicode does.
    """
    drawn = []
    for lines in pages:
        shown = " T* ".join(f"({line}) Tj" for line in lines)
        drawn.append(f"BT /F1 12 Tf 14 TL 72 720 Td {shown} ET" if lines else "")
    return write_drawn(path, [one.encode("latin-1") for one in drawn], characters)


def write_drawn(
    path: Path,
    pages: Sequence[bytes],
    characters: Mapping[str, str] | None = None,
    squeezed: bool = False,
) -> Path:
    """Write a PDF of pages given as what draws them, squeezed where it is asked for."""
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>"]
    kids = " ".join(f"{5 + 2 * number} 0 R" for number in range(len(pages)))
    objects.append(f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode())
    mapped = _to_unicode(characters or {})
    objects.append(f"{_FONT}{' /ToUnicode 4 0 R' if characters else ''} >>".encode())
    objects.append(_stream(mapped, False))
    for number, content in enumerate(pages):
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] "
            b"/Resources << /Font << /F1 3 0 R >> >> /Contents %d 0 R >>" % (6 + 2 * number)
        )
        objects.append(_stream(content, squeezed))
    text, offsets = b"%PDF-1.4\n", []
    for number, one in enumerate(objects, 1):
        offsets.append(len(text))
        text += b"%d 0 obj\n%b\nendobj\n" % (number, one)
    begin = len(text)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size = len(objects) + 1
    text += b"xref\n0 %d\n0000000000 65535 f \n%b" % (size, table)
    text += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (size, begin)
    path.write_bytes(text)
    return path


def _stream(content: bytes, squeezed: bool) -> bytes:
    if squeezed:
        content = zlib.compress(content, 9)
    kind = b"/Filter /FlateDecode " if squeezed else b""
    return b"<< %b/Length %d >>\nstream\n%b\nendstream" % (kind, len(content), content)


def _to_unicode(characters: Mapping[str, str]) -> bytes:
    entries = "\n".join(
        f"<{ord(one):02X}> <{text.encode('utf-16-be').hex().upper()}>"
        for one, text in characters.items()
    )
    return (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def "
        f"1 begincodespacerange <00> <FF> endcodespacerange {len(characters)} beginbfchar\n{entries}\n"
        "endbfchar endcmap CMapName currentdict /CMap defineresource pop end end"
    ).encode()
