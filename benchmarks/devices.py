"""Real transformers on a CUDA device and on the CPU: how far apart what they give is, and how long it
takes. Needs a device; `python -m benchmarks devices` alone runs it.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measuring import Figure, seconds
from hartonomous.extract.extraction import open_model
from hartonomous.extract.importer_protocol import OpenedModel, OpenOptions, VectorTrack
from hartonomous.extract.input_texts import paragraphs
from hartonomous.extract.search.nearest_neighbours import NeighbourOptions, nearest
from importers.transformers.transformer_weights import DEVICE_TOLERANCE
from tests import models
from tests.building import silent

DEVICES = ("cpu", "cuda")
TEXT = Path(__file__).parents[1] / "LICENSE"
K = 50


def run() -> list[Figure]:
    torch: Any = import_module("torch")
    if not torch.cuda.is_available():
        raise SystemExit("There is no CUDA device here to compare with the CPU.")
    name = torch.cuda.get_device_name()
    figures: list[Figure] = []
    for model, path in (("MiniLM", models.MINILM), ("SmolLM2", models.SMOLLM)):
        figures += _states(f"{model}'s layers and heads on {name}", path)
    return [*figures, _reading(f"SmolLM2's next tokens on {name}")]


def _opened(path: Path, *tracks: str) -> tuple[OpenedModel, OpenedModel]:
    here, there = (
        open_model(str(path), OpenOptions(tracks=frozenset(tracks), device=device))
        for device in DEVICES
    )
    return here, there


def _states(what: str, path: Path) -> list[Figure]:
    here, there = _opened(path, "layers", "heads")
    here_took, there_took = (_prepared(model) for model in (here, there))
    furthest, same = 0.0, []
    for one, other in zip(here.tracks, there.tracks, strict=True):
        furthest = max(furthest, *(_apart(one, other, p) for p in range(len(one.positions))))
        same += [_shared(one, other, position) for position in (0, len(one.positions) - 1)]
    return [
        Figure(
            f"{what}: how far apart, of a vector's length, at most",
            f"{furthest:.1e}",
            f"the same neighbours, {K} each: {', '.join(f'{100 * s:.3f} %' for s in same)}",
            f"{DEVICE_TOLERANCE:.0e}",
            furthest <= DEVICE_TOLERANCE,
        ),
        Figure(
            f"{what}: every token alone",
            f"{there_took:.1f} s",
            f"{here_took:.1f} s on the CPU",
            "-",
            None,
        ),
    ]


def _prepared(model: OpenedModel) -> float:
    prepare = model.tracks[0].prepare
    assert prepare is not None
    return seconds(lambda: prepare(silent))


def _apart(one: VectorTrack, other: VectorTrack, position: int) -> float:
    ours, theirs = one.vectors(position), other.vectors(position)
    lengths = np.linalg.norm(ours, axis=1)
    apart = np.linalg.norm(ours - theirs, axis=1)
    return float((apart / np.maximum(lengths, np.finfo(np.float32).tiny)).max())


def _shared(one: VectorTrack, other: VectorTrack, position: int) -> float:
    """Return the share of neighbours that both devices' vectors give."""
    lists = [nearest(t.vectors(position), NeighbourOptions(k=K)).indices for t in (one, other)]
    found = [np.intersect1d(a, b).size for a, b in zip(*lists, strict=True)]
    return float(np.sum(found) / lists[0].size)


def _reading(what: str) -> Figure:
    here, there = _opened(models.SMOLLM, "next")
    text = [*paragraphs(TEXT.read_text("utf-8"))]
    ours, theirs = ([*model.counted[0].read(text, silent)] for model in (here, there))
    apart = max(float(np.abs(a.shares - b.shares).max()) for a, b in zip(ours, theirs, strict=True))
    return Figure(
        f"{what}: how far apart, of all probability, at most",
        f"{apart:.1e}",
        f"{sum(len(part.tokens) for part in ours):,} places of the licence",
        f"{DEVICE_TOLERANCE:.0e}",
        apart <= DEVICE_TOLERANCE,
    )
