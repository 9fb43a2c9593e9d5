"""Picture makers: what makes pictures of a prompt. A pipeline of diffusers is called as its users call it:
by prompt, generators of seeds, and numbers of steps and sizes; nothing inside it is touched.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from hartonomous.errors import BadInput, UsageError
from hartonomous.extract.files.untrusted_files import shown
from hartonomous.pictures.picture_files import Pixels
from importers.generators.pipeline_folders import INDEX, variant
from importers.generators.prompt_grid import PromptGrid

SMALL, AT_ONCE = 200 << 20, (12, 2)
"""Bytes of weights up to which a pipeline is small; pictures made at once by small ones and others."""


class PictureMaker(Protocol):
    """Makes pictures of prompts; the same prompt and seed always give the same picture."""

    def make(self, prompt: str, seeds: Sequence[int]) -> list[Pixels | str]:
        """Return a picture of the prompt for each seed, or why there is none, as it is counted."""
        ...


class OpenMaker(Protocol):
    """Opens a picture maker; a function of a module, so that a worker can call it."""

    def __call__(self, path: Path, grid: PromptGrid, device: str) -> PictureMaker:
        """Return the maker of a folder that was checked, with the settings of a grid."""
        ...


def open_pipeline(path: Path, grid: PromptGrid, device: str = "cpu") -> PictureMaker:
    """Return a pipeline of diffusers; raises BadInput for one that does not make pictures of text."""
    try:
        import torch
        from diffusers import AutoPipelineForText2Image, DiffusionPipeline
    except ImportError as error:
        raise UsageError(
            "Image generators need diffusers: pip install 'hartonomous[generators,transformers]'."
        ) from error
    if device == "cuda" and not torch.cuda.is_available():
        raise UsageError("There is no CUDA device here; leave --device out.")
    _hush()
    asked = {"local_files_only": True, "use_safetensors": True, "variant": variant(path)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            automatic: Any = AutoPipelineForText2Image
            pipeline = automatic.from_pretrained(str(path), **asked)
        except ValueError:
            # Not every pipeline is in the list of those that make pictures of text.
            pipeline = _loaded(DiffusionPipeline, path, asked)
        except (OSError, RuntimeError, KeyError, TypeError, AttributeError) as error:
            raise _unloadable(path, error) from error
    return DiffusersMaker(path, pipeline.to(device), grid)


def _hush() -> None:
    """Keep the libraries' own progress bars from the terminal."""
    import diffusers.utils.logging
    import transformers.utils.logging

    for one in (diffusers.utils.logging, transformers.utils.logging):
        hide: Any = one.disable_progress_bar
        hide()


def _loaded(kind: Any, path: Path, asked: dict[str, Any]) -> Any:
    try:
        return kind.from_pretrained(str(path), **asked)
    except (OSError, RuntimeError, KeyError, TypeError, AttributeError, ValueError) as error:
        raise _unloadable(path, error) from error


def _unloadable(path: Path, error: Exception) -> BadInput:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return BadInput(f"{path} cannot be loaded by diffusers ({lines[0][:300]}); get it whole.")


class DiffusersMaker:
    """A loaded pipeline with the settings of a grid."""

    def __init__(self, path: Path, pipeline: Any, grid: PromptGrid) -> None:
        self._path, self._pipeline = path, pipeline
        pipeline.set_progress_bar_config(disable=True)
        self._settings = _settings(path, pipeline, grid)
        weights = sum(file.stat().st_size for file in path.glob("*/*.safetensors"))
        self._at_once = AT_ONCE[weights > SMALL]

    def make(self, prompt: str, seeds: Sequence[int]) -> list[Pixels | str]:
        made: list[Pixels | str] = []
        for first in range(0, len(seeds), self._at_once):
            made += self._batch(prompt, seeds[first : first + self._at_once])
        return made

    def _batch(self, prompt: str, seeds: Sequence[int]) -> list[Pixels | str]:
        import torch

        # On the CPU, so that a seed gives the same noise on every device.
        generators = [torch.Generator("cpu").manual_seed(seed) for seed in seeds]
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            answer = self._pipeline(
                prompt=[prompt] * len(seeds),
                generator=generators,
                output_type="np",
                **self._settings,
            )
        pictures = np.asarray(answer.images, dtype=np.float32)
        if pictures.ndim != 4 or pictures.shape[0] != len(seeds) or pictures.shape[3] != 3:
            raise BadInput(
                f"{self._path} gave {pictures.shape} for {len(seeds)} prompts, which are no pictures "
                "in colour; give a pipeline that makes pictures of text."
            )
        flagged = getattr(answer, "nsfw_content_detected", None) or [False] * len(seeds)
        return [_checked(one, bool(held)) for one, held in zip(pictures, flagged, strict=True)]


def _checked(picture: Any, withheld: bool) -> Pixels | str:
    if withheld:
        return "pictures withheld by the safety checker"
    if not np.isfinite(picture).all():
        return "pictures with numbers that are not finite"
    pixels: Pixels = np.rint(255 * np.clip(picture, 0, 1)).astype(np.uint8)
    return pixels


def _settings(path: Path, pipeline: Any, grid: PromptGrid) -> dict[str, Any]:
    """Return the arguments of every call; raises BadInput for those that the pipeline does not take."""
    known = inspect.signature(pipeline.__call__).parameters
    if missing := sorted({"prompt", "generator", "output_type"} - known.keys()):
        raise BadInput(
            f"{path / INDEX} is of {shown(type(pipeline).__name__)}, which takes no {missing[0]}; "
            "give a pipeline that makes pictures of text."
        )
    wanted = {
        "num_inference_steps": grid.steps,
        "guidance_scale": grid.guidance,
        "width": grid.width,
        "height": grid.height,
    }
    given = {name: value for name, value in wanted.items() if value is not None}
    for name in given.keys() - known.keys():
        raise BadInput(f"{type(pipeline).__name__} takes no {name}; leave it out of the grid.")
    needed = [
        name
        for name, one in known.items()
        if one.default is inspect.Parameter.empty and one.kind is one.POSITIONAL_OR_KEYWORD
    ]
    if others := sorted(set(needed) - {"prompt", "self", *given}):
        raise BadInput(
            f"{type(pipeline).__name__} needs {others[0]} besides a prompt; give a pipeline that makes "
            "pictures of text alone."
        )
    return given
