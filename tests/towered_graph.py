"""A folder of drawn pictures, shown to the small CLIP, in a graph."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hartonomous.bundle import Bundle
from hartonomous.extract.extraction import ExtractOptions, extract, open_model
from hartonomous.extract.importer_protocol import OpenOptions
from tests.building import silent
from tests.drawn_shapes import EVERYTHING, Thing, write_pictures
from tests.shape_towers import shape_towers

GONE = 50
"""Captions of which no picture is shown."""


@dataclass(frozen=True)
class ShownShapes:
    """A folder of pictures and its captions; `things` are what they show, in the order of names."""

    images: Path
    texts: Path
    names: tuple[str, ...]
    things: tuple[Thing, ...]

    def absent(self) -> list[str]:
        """Return the captions that are true of no picture."""
        shown = {thing.caption for thing in self.things}
        return [thing.caption for thing in EVERYTHING if thing.caption not in shown]


def show_shapes(folder: Path, seed: int, pictures: int = 360, gone: int = GONE) -> ShownShapes:
    """Write pictures of all things but some, and all captions."""
    rng = np.random.default_rng(seed)
    left = sorted(rng.permutation(len(EVERYTHING))[gone:].tolist())
    things = [EVERYTHING[left[at % len(left)]] for at in range(pictures)]
    names = write_pictures(folder / "images", things, seed)
    texts = folder / "texts.txt"
    texts.write_text("".join(f"{thing.caption}\n" for thing in EVERYTHING))
    return ShownShapes(folder / "images", texts, tuple(names), tuple(things))


def towers_bundle(
    folder: Path, shown: ShownShapes, model: Path | None = None, template: Sequence[str] = ()
) -> Bundle:
    """Return the bundle of a model that was shown the pictures and given their captions."""
    options = OpenOptions(images=shown.images, texts=shown.texts, template=tuple(template))
    opened = open_model(str(model or shape_towers()), options, "towers")
    return extract(opened, ExtractOptions(), folder, silent)
