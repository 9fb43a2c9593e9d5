"""A model on another device gives what it gives on the CPU, within the tolerance that is stated."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from hartonomous.errors import UsageError
from hartonomous.extract.extraction import open_model
from hartonomous.extract.importer_protocol import OpenedModel, OpenOptions
from importers.transformers.sentence_encoders import open_encoder
from importers.transformers.transformer_weights import DEVICE_TOLERANCE
from tests.building import silent
from tests.tiny_transformers import CAUSAL, CONFIGS, tiny, tiny_encoder

NO_DEVICE = not torch.cuda.is_available()
needs_device = pytest.mark.skipif(NO_DEVICE, reason="needs a CUDA device")


def opened(path: Path, device: str, *tracks: str) -> OpenedModel:
    return open_model(str(path), OpenOptions(tracks=frozenset(tracks), device=device))


@pytest.mark.skipif(not NO_DEVICE, reason="there is a device")
def test_a_device_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no CUDA device"):
        opened(tiny(tmp_path / "model", "bert"), "cuda", "layers")
    with pytest.raises(UsageError, match="no CUDA device"):
        open_encoder(tiny_encoder(tmp_path / "encoder"), "cuda")


@needs_device
def test_a_device_gives_the_same(tmp_path: Path) -> None:
    for family in CONFIGS:
        path = tiny(tmp_path / family, family)
        here, there = (opened(path, device, "layers", "heads") for device in ("cpu", "cuda"))
        for one, other in zip(here.tracks, there.tracks, strict=True):
            assert one.prepare is not None and other.prepare is not None
            one.prepare(silent)
            other.prepare(silent)
            for position in range(len(one.positions)):
                ours, theirs = one.vectors(position), other.vectors(position)
                apart = np.linalg.norm(ours - theirs, axis=1)
                assert (apart <= DEVICE_TOLERANCE * np.linalg.norm(ours, axis=1)).all()
    for family in CAUSAL:
        path = tiny(tmp_path / f"{family}-head", family, causal_head=True)
        (here,), (there,) = (opened(path, device, "next").counted for device in ("cpu", "cuda"))
        parts = zip(
            *(one.read(["king of the river"], silent) for one in (here, there)), strict=True
        )
        for one, other in parts:
            np.testing.assert_array_equal(one.tokens, other.tokens)
            np.testing.assert_allclose(one.shares, other.shares, atol=DEVICE_TOLERANCE)
    encoder = tiny_encoder(tmp_path / "encoder")
    ours, theirs = (
        open_encoder(encoder, device).encode(["king", "a river"]) for device in ("cpu", "cuda")
    )
    np.testing.assert_allclose(ours, theirs, atol=DEVICE_TOLERANCE)
