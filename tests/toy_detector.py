"""A small RT-DETR trained on drawn shapes, kept by the digest of this script, and its scenes.

No weights of a detector that transformers reads come in a package, so one is trained: fixed steps, a
fixed seed, one thread.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from transformers import (
    RTDetrConfig,
    RTDetrForObjectDetection,
    RTDetrImageProcessor,
    RTDetrResNetConfig,
)

from hartonomous.identity import content_digest, file_digest
from tests import models

SIDE = 96
SHAPES = ("circle", "square", "triangle", "cross", "ring")
COLOURS = ((200, 40, 40), (40, 120, 200), (40, 160, 60), (150, 60, 170), (220, 140, 20))
SHORT, LONG = 260, 1_814
"""Steps of training: a minute, and five."""

BATCH, LEARNED = 16, 6_000

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Scene:
    """A picture of shapes: their labels, and boxes (n, 4) float64."""

    pixels: Pixels
    labels: tuple[str, ...]
    boxes: NDArray[np.float64]


def scene(rng: np.random.Generator) -> Scene:
    """Return two to five shapes that do not overlap, on a light ground."""
    ground = tuple(int(one) for one in rng.integers(215, 256, 3))
    image = Image.new("RGB", (SIDE, SIDE), ground)
    draw, boxes, labels = ImageDraw.Draw(image), list[tuple[int, ...]](), list[str]()
    for _ in range(int(rng.integers(2, 6))):
        for _ in range(30):
            wide, high = (int(one) for one in rng.integers(16, 34, 2))
            left, top = int(rng.integers(1, SIDE - wide - 1)), int(rng.integers(1, SIDE - high - 1))
            box = (left, top, left + wide, top + high)
            if all(_apart(box, other) for other in boxes):
                labels.append(SHAPES[int(rng.integers(len(SHAPES)))])
                boxes.append(box)
                _draw(draw, labels[-1], box, COLOURS[int(rng.integers(len(COLOURS)))])
                break
    return Scene(np.asarray(image), tuple(labels), np.array(boxes, dtype=np.float64))


def trained(steps: int = SHORT) -> Path:
    """Return the folder of the detector after so many steps; it is trained once."""
    script = content_digest("toy", {"script": file_digest(Path(__file__)), "steps": steps})
    folder = models.FOLDER / "made" / script[:32]
    if not (folder / "model.safetensors").is_file():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as place:
            made = Path(place, "model")
            _train(steps, made)
            try:
                os.rename(made, folder)
            except OSError:
                # Another process was sooner.
                shutil.rmtree(made)
    return folder


def untrained() -> RTDetrForObjectDetection:
    """Return the detector before its first step."""
    torch.manual_seed(1)
    backbone = RTDetrResNetConfig(
        embedding_size=16,
        hidden_sizes=[16, 32, 64, 96],
        depths=[1, 1, 1, 1],
        layer_type="basic",
        out_features=["stage2", "stage3", "stage4"],
    )
    config = RTDetrConfig(
        backbone_config=backbone,
        encoder_hidden_dim=64,
        encoder_in_channels=[32, 64, 96],
        encoder_ffn_dim=128,
        encoder_attention_heads=4,
        decoder_in_channels=[64, 64, 64],
        decoder_ffn_dim=128,
        decoder_layers=2,
        decoder_attention_heads=4,
        d_model=64,
        num_queries=20,
        num_denoising=20,
        hidden_expansion=0.5,
        freeze_backbone_batch_norms=False,
        id2label=dict(enumerate(SHAPES)),
        label2id={label: number for number, label in enumerate(SHAPES)},
    )
    return RTDetrForObjectDetection(config)


def _train(steps: int, folder: Path) -> None:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        rng = np.random.default_rng(0)
        scenes = [scene(rng) for _ in range(min(LEARNED, steps * BATCH))]
        model = untrained().train()
        optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=1e-4)
        rate = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, total_steps=steps)
        for _ in range(steps):
            chosen = [scenes[at] for at in rng.integers(0, len(scenes), BATCH)]
            pixels = np.stack([one.pixels for one in chosen]).astype(np.float32) / 255
            values = torch.from_numpy(pixels.transpose(0, 3, 1, 2).copy())
            loss = model(pixel_values=values, labels=[_target(one) for one in chosen]).loss
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            rate.step()
        model.eval().save_pretrained(folder)
        size = {"height": SIDE, "width": SIDE}
        RTDetrImageProcessor(size=size).save_pretrained(folder)
    finally:
        torch.set_num_threads(threads)


def _target(one: Scene) -> dict[str, torch.Tensor]:
    left, top, right, bottom = (one.boxes / SIDE).T
    boxes = np.stack([(left + right) / 2, (top + bottom) / 2, right - left, bottom - top], axis=1)
    numbers = [SHAPES.index(label) for label in one.labels]
    return {
        "class_labels": torch.tensor(numbers, dtype=torch.int64),
        "boxes": torch.from_numpy(boxes.astype(np.float32)),
    }


def _apart(box: tuple[int, ...], other: tuple[int, ...]) -> bool:
    return bool(
        box[2] + 1 < other[0]
        or other[2] + 1 < box[0]
        or box[3] + 1 < other[1]
        or other[3] + 1 < box[1]
    )


def _draw(
    draw: ImageDraw.ImageDraw, shape: str, box: tuple[int, ...], colour: tuple[int, ...]
) -> None:
    left, top, right, bottom = box
    if shape == "circle":
        draw.ellipse(box, colour)
    elif shape == "square":
        draw.rectangle(box, colour)
    elif shape == "triangle":
        draw.polygon([(left, bottom), (right, bottom), ((left + right) / 2, top)], colour)
    elif shape == "ring":
        draw.ellipse(box, None, colour, 4)
    else:
        wide, high = (right - left) // 3, (bottom - top) // 3
        draw.rectangle((left + wide, top, right - wide, bottom), colour)
        draw.rectangle((left, top + high, right, bottom - high), colour)
