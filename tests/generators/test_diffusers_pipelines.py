"""Real pipelines of diffusers, of tiny parts with random weights, through the importer."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from hartonomous.errors import BadInput
from hartonomous.extract.extraction import ExtractOptions, extract, open_model
from hartonomous.extract.importer_protocol import OpenOptions
from importers.generators.picture_makers import open_pipeline
from importers.generators.prompt_grid import PromptGrid, read_grid
from tests.building import silent
from tests.image_generator_fixture import untrained
from tests.made_generator import grid_file

TINY = """\
template = "a {size} red {shape}"
seeds = 8
steps = 1

[values]
size = ["small", "large"]
shape = ["circle", "star"]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import torch

    torch.manual_seed(3)
    path = tmp_path_factory.mktemp("pipeline") / "model"
    untrained().save_pretrained(path, safe_serialization=True)
    return path


def grid(folder: Path, text: str = TINY) -> PromptGrid:
    return read_grid(grid_file(folder, text))


def test_a_pipeline_is_ingested_from_its_folder(folder: Path, tmp_path: Path) -> None:
    opened = open_model(str(folder), OpenOptions(prompts=grid_file(tmp_path, TINY)))
    assert opened.importer == "generators" and opened.parameters > 1_000_000
    assert {file.name.partition("/")[0] for file in opened.files} >= {"unet", "vae", "text_encoder"}
    bundle = extract(opened, ExtractOptions(), tmp_path / "bundle", silent)
    effect, shown = bundle.tracks
    assert effect.evidence == "EFFECT_EVIDENCE" and shown.evidence == "DEPICTION_EVIDENCE"
    assert bundle.compositions()["kind"].to_pylist().count("Image") == 32
    assert opened.pictures is not None and len(opened.pictures.pieces()) == 1


def test_a_seed_gives_the_same_picture_in_any_company(folder: Path, tmp_path: Path) -> None:
    maker = open_pipeline(folder, grid(tmp_path))
    together = maker.make("a small red star", [5, 6])
    (alone,) = maker.make("a small red star", [6])
    # Sums of floats may differ in their last bits by the size of a batch.
    assert np.abs(np.int64(together[1]) - np.int64(alone)).max() <= 1
    assert not np.array_equal(together[0], together[1])


def test_pictures_that_are_not_finite_have_a_reason(folder: Path, tmp_path: Path) -> None:
    import torch

    broken = untrained()
    with torch.no_grad():
        broken.vae.decoder.conv_out.weight.fill_(float("nan"))
    broken.save_pretrained(tmp_path / "broken", safe_serialization=True)
    made = open_pipeline(tmp_path / "broken", grid(tmp_path)).make("a small red star", [1])
    assert made == ["pictures with numbers that are not finite"]


def test_what_diffusers_cannot_load_is_refused(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "unknown"
    path.mkdir()
    index = json.loads((folder / "model_index.json").read_text("utf-8"))
    said = {**index, "_class_name": "NoSuchPipeline"}
    (path / "model_index.json").write_text(json.dumps(said), "utf-8")
    with pytest.raises(BadInput, match="cannot be loaded by diffusers"):
        open_pipeline(path, grid(tmp_path))
