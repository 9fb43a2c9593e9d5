"""Transformer towers: dual encoders saved by `transformers`, none of their code run."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from hartonomous.errors import BadInput
from hartonomous.extract.files.module_folders import has_weights
from hartonomous.extract.files.untrusted_files import is_pickle, read_json, refuse_pickle
from hartonomous.pictures.picture_files import Pixels
from importers.towers.tower_pairs import Floats, refuse_widths
from importers.transformers.loading_report import refuse_incomplete
from importers.transformers.transformer_weights import (
    refuse_code,
    refuse_device,
    refuse_size,
    refused,
)

CONFIG = "config.json"
BATCH = 64
"""Texts or pictures run at once."""

PADDED_WHOLE = ("siglip", "siglip2")
"""Model types whose texts are padded to the window, as they were trained."""

LONGEST_WINDOW = 512


def is_dual_encoder(path: Path) -> bool:
    """Return whether a folder's configuration is that of a text and a vision tower, without a head."""
    config = path / CONFIG
    if not config.is_file():
        return False
    try:
        described = read_json(config)
    except BadInput:
        return False
    if not isinstance(described, dict):
        return False
    names = described.get("architectures") or []
    headless = all(isinstance(name, str) and "For" not in name for name in names)
    towers = {"text_config", "vision_config"} <= described.keys()
    return towers and headless


class TransformerTowers:
    """A dual encoder: CLIP, SigLIP, AltCLIP, Chinese CLIP and others of the same methods."""

    def __init__(self, path: Path, device: str) -> None:
        self._torch, self._model, self._report = _load(path, device)
        self.path, self._device = path, device
        if not all(
            hasattr(self._model, method) for method in ("get_text_features", "get_image_features")
        ):
            raise BadInput(
                f"{path} is a {type(self._model).__name__}, which has no text and picture features to "
                "compare; CLIP, SigLIP, AltCLIP and Chinese CLIP have."
            )
        refuse_incomplete(path, self._model, self._report)
        transformers: Any = import_module("transformers")
        options: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
        with refused(path, "has no tokenizer and picture processor that can be opened"):
            self._tokenizer = transformers.AutoTokenizer.from_pretrained(path, **options)
            self._processor = transformers.AutoImageProcessor.from_pretrained(path, **options)
        self._model.eval().to(device)
        config = self._model.config
        text = getattr(config, "text_config", config)
        window = int(getattr(text, "max_position_embeddings", 0) or LONGEST_WINDOW)
        # Some take fewer tokens than they have positions, as their tokenizers state.
        self._window = min(window, LONGEST_WINDOW, int(self._tokenizer.model_max_length))
        whole = getattr(config, "model_type", "") in PADDED_WHOLE
        self._padding: Any = "max_length" if whole else True
        self.parameters = sum(tensor.numel() for tensor in self._model.parameters())
        grey = np.full((8, 8, 3), 127, dtype=np.uint8)
        seen, read = self.see([grey]), self.read_texts(["a"])
        refuse_widths(path, read.shape[1], seen.shape[1])
        self.dimensions = int(read.shape[1])

    def read_texts(self, texts: Sequence[str]) -> Floats:
        parts = []
        for first in range(0, len(texts), BATCH):
            with refused(self.path, "cannot read texts"), self._torch.inference_mode():
                tokens = self._tokenizer(
                    list(texts[first : first + BATCH]),
                    padding=self._padding,
                    truncation=True,
                    max_length=self._window,
                    return_tensors="pt",
                )
                given = {name: tokens[name] for name in ("input_ids",) if name in tokens}
                if self._padding is True and "attention_mask" in tokens:
                    given["attention_mask"] = tokens["attention_mask"]
                given = {name: value.to(self._device) for name, value in given.items()}
                parts.append(_features(self._model.get_text_features(**given)))
        return np.concatenate(parts)

    def see(self, pictures: Sequence[Pixels]) -> Floats:
        parts = []
        for first in range(0, len(pictures), BATCH):
            with refused(self.path, "cannot see pictures"), self._torch.inference_mode():
                # Pictures read from files may not be writable, which the library warns of.
                batch = [np.array(one) for one in pictures[first : first + BATCH]]
                given = self._processor(images=batch, return_tensors="pt")
                given = {name: value.to(self._device) for name, value in given.items()}
                parts.append(_features(self._model.get_image_features(**given)))
        return np.concatenate(parts)


def _load(path: Path, device: str) -> tuple[Any, Any, Any]:
    """Return torch, the model and its loading report."""
    if not has_weights(path):
        for file in sorted(path.iterdir()):
            if is_pickle(file):
                raise refuse_pickle(file)
        raise BadInput(f"{path} has no weights in safetensors; download the model again.")
    refuse_code(path)
    refuse_size(path)
    torch: Any = import_module("torch")
    transformers: Any = import_module("transformers")
    transformers.utils.logging.disable_progress_bar()
    transformers.utils.logging.set_verbosity_error()
    refuse_device(device)
    with refused(path, "cannot be opened as a dual encoder"):
        model, report = transformers.AutoModel.from_pretrained(
            path,
            dtype=torch.float32,
            local_files_only=True,
            trust_remote_code=False,
            use_safetensors=True,
            output_loading_info=True,
            ignore_mismatched_sizes=True,
        )
    return torch, model, report


def _features(found: Any) -> Floats:
    """Return what a model gives for a batch, (n, d); versions of the library differ in its form."""
    vectors = found if hasattr(found, "float") else found.pooler_output
    return np.ascontiguousarray(vectors.float().cpu().numpy())
