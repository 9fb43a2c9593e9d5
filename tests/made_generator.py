"""Image generators that draw: folders as diffusers saves them, and makers in the place of a pipeline."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from hartonomous.bundle import Bundle
from hartonomous.extract.extraction import ExtractOptions, extract
from hartonomous.extract.importer_protocol import OpenOptions
from hartonomous.pictures.picture_files import Pixels
from importers.generators.generator_importer import Generators
from importers.generators.picture_makers import PictureMaker
from importers.generators.prompt_grid import PromptGrid
from tests.building import silent
from tests.drawn_prompts import draw

SMALL_GRID = """\
template = "a {size} {colour} {shape}"
seeds = 8

[values]
size = ["small", "large"]
colour = ["red", "green", "blue"]
shape = ["circle", "square", "triangle"]
"""


class Drawing:
    """Draws what a prompt says, at a place that its seed decides."""

    def make(self, prompt: str, seeds: Sequence[int]) -> list[Pixels | str]:
        return [draw(prompt, np.random.default_rng([seed, len(prompt)])) for seed in seeds]


def drawing(path: Path, grid: PromptGrid, device: str) -> PictureMaker:
    """Open a maker that draws exactly."""
    return Drawing()


def pipeline_folder(folder: Path) -> Path:
    """Write a folder of a pipeline's form, with a weight that nothing reads."""
    (folder / "unet").mkdir(parents=True)
    index = {
        "_class_name": "StableDiffusionPipeline",
        "unet": ["diffusers", "UNet2DConditionModel"],
    }
    (folder / "model_index.json").write_text(json.dumps(index), "utf-8")
    save_file(
        {"weight": np.zeros((2, 2), np.float32)},
        folder / "unet" / "diffusion_pytorch_model.safetensors",
    )
    return folder


def grid_file(folder: Path, text: str = SMALL_GRID) -> Path:
    """Write a grid of prompts."""
    file = folder / "grid.toml"
    file.write_text(text, "utf-8")
    return file


def made_pictures(
    folder: Path,
    name: str = "painter",
    text: str = SMALL_GRID,
    maker: Generators | None = None,
    work: Path | None = None,
) -> Bundle:
    """Return the bundle of a generator that draws the prompts of a grid."""
    place = folder / name
    path = pipeline_folder(place / "model")
    options = OpenOptions(prompts=grid_file(place, text), device="cpu")
    opened = (maker or Generators(drawing)).open(path, options)
    return extract(opened, ExtractOptions(), place / "bundle", silent, work)
