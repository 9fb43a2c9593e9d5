"""An image generator trained on drawn shapes: what the graph's edges alone tell of its pictures.

Effects come of twelve seeds of every prompt, and are held against twelve others. The training, once for
a script, takes minutes and is not measured.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.measuring import Figure, seconds
from hartonomous.pictures.visual_features import measured
from importers.generators.effect_sizes import Effects, effects
from importers.generators.picture_makers import PictureMaker, open_pipeline
from importers.generators.prompt_grid import PromptGrid, all_places, read_grid
from tests.drawn_prompts import GRID
from tests.image_generator_fixture import LONG, Length, image_generator

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

BARS = {"size": 0.90, "colour": 0.98, "shape": 0.85}
TRAINED = Length(LONG.autoencoder, 4_000)
"""Of drawings that went through the autoencoder trained so long, .92 of the shapes are told; after 900 steps
the denoiser draws circles and squares alike."""

SHUFFLES = 20
FURTHEST = 5.0


def run() -> list[Figure]:
    grid = _grid()
    maker = open_pipeline(image_generator(TRAINED), grid)
    prompts, values, held_out = _pictures(maker, grid)
    found = effects(values, prompts, grid.shape)
    return [
        *_readable(grid, found, prompts, held_out),
        _signs(grid, found, prompts, held_out),
        *_shuffled(grid, prompts, values),
        _measuring(maker, grid),
    ]


def _grid() -> PromptGrid:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "grid.toml"
        file.write_text(GRID, "utf-8")
        return read_grid(file)


def _pictures(maker: PictureMaker, grid: PromptGrid) -> tuple[Ints, Floats, Floats]:
    """Return the prompts (m,) of pictures, their features (m, f), and those of as many other seeds."""
    prompts = np.repeat(np.arange(grid.prompts), grid.seeds)
    first, second = (
        np.stack(
            [
                measured(one)
                for prompt in range(grid.prompts)
                for one in maker.make(grid.prompt(prompt), seeds)
                if not isinstance(one, str)
            ]
        )
        for seeds in (range(grid.seeds), range(1000, 1000 + grid.seeds))
    )
    return prompts, first, second


def _readable(grid: PromptGrid, found: Effects, prompts: Ints, values: Floats) -> list[Figure]:
    """Return how often a word is told among those of its factor, as image_features_to_prompt tells it."""
    spread = np.maximum(found.spread, 1e-9)
    away = np.clip((values[:, None, :] - found.middle) / spread, -FURTHEST, FURTHEST)
    scores = np.einsum("mwf,wf->mw", away, found.shrunk() * (found.spread > 0))
    places, at, figures = np.array(all_places(grid.shape))[prompts], 0, []
    for factor, (name, words) in enumerate(grid.factors):
        best = scores[:, at : at + len(words)].argmax(axis=1)
        share = float((best == places[:, factor]).mean())
        at += len(words)
        bar = BARS[name]
        figures.append(
            Figure(
                f"{name} told by features of held-out seeds, by edges alone, {_interval(share, len(values))}",
                f"{share:.3f}",
                f"chance {1 / len(words):.3f}",
                f"{bar:.2f}",
                share >= bar,
            )
        )
    return figures


def _interval(share: float, n: int) -> str:
    """Return the interval of a share of n at 95 % (Wilson 1927)."""
    z = 1.96
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return f"{n} pictures, {centre - half:.3f} to {centre + half:.3f}"


def _signs(grid: PromptGrid, found: Effects, prompts: Ints, held_out: Floats) -> Figure:
    other = effects(held_out, prompts, grid.shape)
    told = found.shrunk() != 0
    kept = float((np.sign(found.effect) == np.sign(other.effect))[told].mean())
    return Figure(
        f"sign kept on held-out seeds, of {int(told.sum())} edges of {told.size}",
        f"{kept:.3f}",
        "chance 0.500",
        "0.98",
        kept >= 0.98,
    )


def _shuffled(grid: PromptGrid, prompts: Ints, values: Floats) -> list[Figure]:
    """Return the edges where prompts are dealt anew, to pictures or to all pictures of a prompt."""
    rng, figures = np.random.default_rng(7), []
    for what in ("pictures", "prompts"):
        edges = []
        for _ in range(SHUFFLES):
            mixed = rng.permutation(grid.prompts)[prompts]
            dealt = mixed if what == "prompts" else rng.permutation(prompts)
            edges.append(int(np.count_nonzero(effects(values, dealt, grid.shape).shrunk())))
        figures.append(
            Figure(
                f"edges where prompts are dealt anew to {what}, mean of {SHUFFLES}",
                f"{np.mean(edges):.2f}",
                f"at most {max(edges)}",
                "1",
                float(np.mean(edges)) <= 1,
            )
        )
    return figures


def _measuring(maker: PictureMaker, grid: PromptGrid) -> Figure:
    """Return the share of an ingest's time that is not the model's own."""
    made = [
        one for one in maker.make(grid.prompt(0), range(grid.seeds)) if not isinstance(one, str)
    ]
    drawing = seconds(lambda: maker.make(grid.prompt(0), range(grid.seeds)))
    measuring = seconds(lambda: [measured(one) for one in made])
    share = measuring / (measuring + drawing)
    return Figure(
        "measuring pictures of 32 pixels, of making and measuring them",
        f"{share:.1%}",
        f"{1000 * drawing / len(made):.0f} ms a picture to make",
        "15 %",
        share <= 0.15,
    )
