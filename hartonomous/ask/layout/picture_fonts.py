"""Picture fonts: those that together have every character of a picture's texts, and what none has."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

BASE = "DejaVu Sans"
"""The font that matplotlib brings: Latin, Greek, Cyrillic, Arabic, Hebrew."""

PACKAGES = ("manimgx_fonts", "noto_cjk_sans_jp_regular")
"""Packages of the extra `pictures` that bring fonts of other scripts."""

UNFIT = re.compile(r"Last Resort|^cm|STIX|Math|Mono|Serif|Display|Emoji.*Color|Color.*Emoji")
"""Fonts that do not replace another: boxes for all characters, mathematics, other styles, colours."""


@dataclass(frozen=True)
class ChosenFonts:
    """`families` in the order of trial, and the characters that none of them has."""

    families: tuple[str, ...]
    missing: frozenset[str]

    def draws(self, text: str) -> bool:
        """Return whether every character of a text can be drawn."""
        return self.missing.isdisjoint(text)

    def scripts(self) -> list[str]:
        """Return the scripts of the missing characters, as Unicode names them, sorted.

        >>> ChosenFonts((), frozenset("\u738b\u0e01")).scripts()
        ['CJK', 'Thai']
        """
        return sorted({_script(one) for one in self.missing})


def choose_fonts(texts: Iterable[str]) -> ChosenFonts:
    """Return the fonts for some texts, first those of PACKAGES, then those matplotlib finds.

    In each turn the font that has most of the missing characters. Needs matplotlib.
    """
    missing = {one for text in texts for one in text if _visible(one)}
    families: list[str] = []
    base = [entry for entry in _manager().ttflist if entry.name == BASE and _upright(entry)]
    for entries in (base[:1], _packaged(), _found()):
        missing = _cover(missing, entries, families)
    return ChosenFonts(tuple(families) or (BASE,), frozenset(missing))


def _script(one: str) -> str:
    name = unicodedata.name(one, "").split()[:1]
    if not name or unicodedata.category(one)[0] not in "LM":
        return "symbols"
    return name[0] if name[0] == "CJK" else name[0].title()


def _visible(one: str) -> bool:
    """Return whether a character has a shape: no joiner, variation selector or space."""
    selector = "\ufe00" <= one <= "\ufe0f"
    return not selector and unicodedata.category(one) not in ("Cf", "Cc", "Zs", "Cn", "Co", "Cs")


def _cover(missing: set[str], entries: Sequence[Any], families: list[str]) -> set[str]:
    """Append the families that are needed, and return the characters that none has."""
    if not missing or not entries:
        return missing
    has = {entry.name: _characters(entry, missing) for entry in entries}
    while missing:
        best = max(sorted(has), key=lambda name: len(has[name] & missing))
        if not has[best] & missing:
            break
        families.append(best)
        missing = missing - has[best]
    return missing


def _characters(entry: Any, wanted: set[str]) -> set[str]:
    ft2font = import_module("matplotlib.ft2font")
    try:
        face = ft2font.FT2Font(entry.fname, face_index=getattr(entry, "index", 0))
    except (OSError, RuntimeError, ValueError):  # a file that matplotlib listed is damaged or gone
        return set()
    # matplotlib draws neither bitmaps nor layers of colours.
    if not face.scalable or ft2font.FaceFlags.COLOR in face.face_flags:
        return set()
    return {one for one in wanted if face.get_char_index(ord(one))}


def _packaged() -> list[Any]:
    manager, found = _manager(), []
    for package in PACKAGES:
        spec = find_spec(package)
        for folder in (spec.submodule_search_locations or ()) if spec else ():
            for path in sorted(Path(folder).glob("*.[ot]tf")):
                if not any(entry.fname == str(path) for entry in manager.ttflist):
                    manager.addfont(str(path))
                found += [entry for entry in manager.ttflist if entry.fname == str(path)]
    return [entry for entry in found if _upright(entry)]


def _found() -> list[Any]:
    fit = [entry for entry in _manager().ttflist if not UNFIT.search(entry.name)]
    return sorted((e for e in fit if _upright(e)), key=lambda entry: (entry.name, entry.fname))


def _upright(entry: Any) -> bool:
    return bool(
        entry.style == "normal" and str(entry.weight) in ("300", "400", "normal", "regular")
    )


def _manager() -> Any:
    return import_module("matplotlib.font_manager").fontManager
