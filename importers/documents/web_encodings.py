"""Web encodings: the labels and decoders of the WHATWG Encoding Standard.

webencodings knows the labels (iso-8859-1 is windows-1252, gb2312 is gbk). Where a codec of Python's
decodes fewer bytes than the standard, an error handler adds them: the C1 controls of the windows
code pages, the euro sign of gbk, the NEC and IBM characters of EUC-JP.
"""

from __future__ import annotations

import codecs
from pathlib import Path
from typing import Any

from hartonomous.errors import BadInput
from hartonomous.extract.files.untrusted_files import shown
from hartonomous.extract.input_texts import BYTE_ORDER_MARKS, decoded
from importers.documents.document_files import module

UTF_8 = "utf-8"


def page_text(path: Path, raw: bytes, label: str | None) -> str:
    """Return the text of a page with a declared encoding label (UTF-8 without one).

    A byte order mark takes precedence over the label. Raises BadInput for a label that is unknown,
    or that the standard does not decode, and, with the position, for bytes outside the encoding.
    """
    if label is None or any(raw.startswith(mark) for mark, _ in BYTE_ORDER_MARKS):
        return decoded(path, raw)
    encoding: Any = module("webencodings").lookup(label[:100])
    if encoding is None or encoding.name == "replacement":
        reason = "is unknown" if encoding is None else "browsers do not decode"
        raise BadInput(
            f"{path} names the encoding {shown(label)}, which {reason}. Save it as UTF-8."
        )
    name = encoding.name
    if name.startswith("utf-16"):
        # A page with an ASCII declaration is not UTF-16, whatever it declares.
        name = UTF_8
    if name == "x-user-defined":
        name = "windows-1252"
    codec, errors = _DECODERS.get(name, (None, "strict"))
    if codec is None:
        codec = module("webencodings").lookup(name).codec_info.name
    return decoded(path, raw, codec, errors)


def _control(error: UnicodeError) -> tuple[str, int]:
    """Decode a byte of a windows code page as the C1 control with its number."""
    if isinstance(error, UnicodeDecodeError) and 0x80 <= error.object[error.start] < 0xA0:
        return chr(error.object[error.start]), error.start + 1
    raise error


def _euro(error: UnicodeError) -> tuple[str, int]:
    if isinstance(error, UnicodeDecodeError) and error.object[error.start] == 0x80:
        return "\u20ac", error.start + 1
    raise error


def _extension(error: UnicodeError) -> tuple[str, int]:
    """Decode two bytes of EUC-JP by the code page with its extensions, cp932."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    pair = error.object[error.start : error.start + 2]
    if len(pair) < 2 or not all(0xA1 <= byte <= 0xFE for byte in pair):
        raise error
    row, cell = pair[0] - 0xA1, pair[1] - 0xA1
    lead = 0x81 + row // 2 if row < 62 else 0xC1 + row // 2
    trail = cell + 0x9F if row % 2 else cell + 0x40 + (cell >= 63)
    try:
        return bytes([lead, trail]).decode("cp932"), error.start + 2
    except UnicodeDecodeError:
        raise error from None


codecs.register_error("hartonomous.control", _control)
codecs.register_error("hartonomous.euro", _euro)
codecs.register_error("hartonomous.extension", _extension)

_DECODERS = {
    "gbk": ("gb18030", "hartonomous.euro"),
    "gb18030": ("gb18030", "hartonomous.euro"),
    "euc-jp": ("euc_jp", "hartonomous.extension"),
    "windows-874": ("cp874", "hartonomous.control"),
    **{f"windows-{n}": (f"cp{n}", "hartonomous.control") for n in range(1250, 1259)},
}
"""Python's codec and the error handler, for encodings with an incomplete codec."""
