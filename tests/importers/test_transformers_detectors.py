"""Detectors in transformers folders: objects, segments, things asked for; folders that are refused."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import (
    CLIPTokenizer,
    OwlViTConfig,
    OwlViTForObjectDetection,
    OwlViTImageProcessor,
    OwlViTProcessor,
    SegformerConfig,
    SegformerForSemanticSegmentation,
    SegformerImageProcessor,
)

from hartonomous.errors import BadInput, UsageError
from hartonomous.extract.detector_protocol import DetectorOptions, found_in, open_detector
from hartonomous.extract.extraction import ExtractOptions, extract
from tests import toy_detector
from tests.building import silent
from tests.model_files import opened
from tests.onnx_models import write_pictures

GREY = np.full((64, 128, 3), 90, dtype=np.uint8)


@pytest.fixture(scope="module")
def shapes() -> Path:
    return toy_detector.trained()


def copied(folder: Path, into: Path) -> Path:
    return Path(shutil.copytree(folder, into))


def changed(folder: Path, **said: Any) -> Path:
    """Change what a folder's configuration says."""
    config = folder / "config.json"
    config.write_text(json.dumps({**json.loads(config.read_text()), **said}))
    return folder


def test_shapes_are_found_where_they_are(shapes: Path) -> None:
    detector = open_detector(shapes, DetectorOptions(threshold=0.3))
    assert detector.labels == toy_detector.SHAPES
    rng = np.random.default_rng(99)
    scenes = [toy_detector.scene(rng) for _ in range(40)]
    excluded = Counter[str]()
    hits = right = boxes = 0
    for scene, found in zip(
        scenes, found_in(detector, [one.pixels for one in scenes], excluded), strict=True
    ):
        centres = (found.boxes[:, :2] + found.boxes[:, 2:]) / 2
        for label, box in zip(scene.labels, scene.boxes, strict=True):
            near = np.abs(centres - (box[:2] + box[2:]) / 2).max(axis=1, initial=0) < 5
            boxes += 1
            hits += bool(near.any())
            right += label in found.labels[near].tolist()
    assert hits > 0.6 * boxes
    # Five shapes: chance would name a fifth of them.
    assert right > 0.6 * hits


def test_a_folder_is_told_by_its_configuration(shapes: Path, tmp_path: Path) -> None:
    pictures = write_pictures(tmp_path / "p", 2)
    assert opened(shapes, images=pictures).importer == "transformers-detectors"
    with pytest.raises(UsageError, match="--images DIR"):
        opened(shapes)
    with pytest.raises(UsageError, match="labels of its own"):
        open_detector(shapes, DetectorOptions(labels=tmp_path / "l.txt"))
    for name in ("decoder", "normalise"):
        with pytest.raises(UsageError, match=f"--{name} is for ONNX"):
            open_detector(shapes, DetectorOptions(**{name: "unit"}))
    made = extract(
        opened(shapes, images=pictures, threshold=0.05), ExtractOptions(), tmp_path / "b", silent
    )
    texts = set(made.compositions()["text"].to_pylist())
    assert texts & set(toy_detector.SHAPES)


def test_folders_that_are_refused(shapes: Path, tmp_path: Path) -> None:
    code = changed(copied(shapes, tmp_path / "code"), auto_map={"AutoModel": "own.Model"})
    with pytest.raises(BadInput, match="needs code of its own"):
        open_detector(code)
    pickled = copied(shapes, tmp_path / "pickled")
    (pickled / "model.safetensors").unlink()
    with pytest.raises(BadInput, match=r"lacks model\.safetensors"):
        open_detector(pickled)
    (pickled / "pytorch_model.bin").write_bytes(b"\x80\x02")
    with pytest.raises(BadInput, match=r"pytorch_model\.bin.*unpickling.*save_pretrained"):
        open_detector(pickled)
    unknown = changed(copied(shapes, tmp_path / "new"), architectures=["NewForObjectDetection"])
    with pytest.raises(BadInput, match=r"NewForObjectDetection.*update it"):
        open_detector(unknown)
    more = changed(copied(shapes, tmp_path / "more"), decoder_layers=3)
    with pytest.raises(BadInput, match="lacks weights"):
        open_detector(more)
    linked = copied(shapes, tmp_path / "linked")
    (linked / "model.safetensors").unlink()
    (linked / "model.safetensors").symlink_to(shapes.resolve() / "model.safetensors")
    with pytest.raises(BadInput, match="leads out of the model's folder"):
        open_detector(linked)
    with pytest.raises(BadInput, match="is no detector that can be opened"):
        open_detector(write_pictures(tmp_path / "p", 1))


def test_parts_of_a_segmentation_become_boxes(tmp_path: Path) -> None:
    """A segmentation whose first class is wherever it is bright: its last layer is set by hand."""
    torch.manual_seed(3)
    config = SegformerConfig(
        num_encoder_blocks=1, depths=[1], sr_ratios=[1], hidden_sizes=[8], patch_sizes=[3],
        strides=[1], num_attention_heads=[1], mlp_ratios=[1], decoder_hidden_size=8,
        id2label={0: "ground", 1: "thing"}, label2id={"ground": 0, "thing": 1},
    )  # fmt: skip
    model = SegformerForSemanticSegmentation(config)
    with torch.no_grad():
        model.decode_head.classifier.weight.zero_()
        model.decode_head.classifier.bias.copy_(torch.tensor([0.0, 3.0]))
    model.save_pretrained(tmp_path)
    SegformerImageProcessor(size={"height": 16, "width": 32}).save_pretrained(tmp_path)
    detector = open_detector(tmp_path)
    (found,) = detector.detect([GREY])
    assert found.labels.tolist() == ["thing"]
    assert found.boxes.tolist() == [[0, 0, 128, 64]]
    assert found.scores[0] == pytest.approx(1 / (1 + np.exp(-3)), abs=1e-6)


def test_what_is_asked_for_needs_labels(tmp_path: Path) -> None:
    folder = asked_for(tmp_path / "owl")
    pictures = write_pictures(tmp_path / "p", 1)
    with pytest.raises(UsageError, match="--labels FILE"):
        open_detector(folder)
    labels = tmp_path / "l.txt"
    labels.write_text("cat\na dog\n")
    detector = open_detector(folder, DetectorOptions(labels=labels, threshold=0.0))
    assert detector.labels == ("cat", "a dog")
    (found,) = detector.detect([GREY])
    assert len(found) and set(found.labels) <= {"cat", "a dog"}
    (clean,) = found_in(detector, [GREY], Counter())
    assert (clean.boxes >= 0).all() and (clean.boxes[:, 2] <= 128).all()
    assert opened(folder, images=pictures, labels=labels).importer == "transformers-detectors"


def asked_for(folder: Path) -> Path:
    """Return a folder of an untrained OWL-ViT with the letters as tokens."""
    torch.manual_seed(4)
    folder.mkdir()
    letters = "abcdefghijklmnopqrstuvwxyz"
    tokens = [*letters, *(f"{one}</w>" for one in letters), "<|startoftext|>", "<|endoftext|>"]
    (folder / "vocab.json").write_text(json.dumps({one: at for at, one in enumerate(tokens)}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    text = {"vocab_size": len(tokens), "hidden_size": 16, "intermediate_size": 16,
            "num_hidden_layers": 1, "num_attention_heads": 2, "max_position_embeddings": 32,
            "bos_token_id": 52, "eos_token_id": 53, "pad_token_id": 53}  # fmt: skip
    seen = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1,
            "num_attention_heads": 2, "image_size": 32, "patch_size": 8}  # fmt: skip
    config = OwlViTConfig(text_config=text, vision_config=seen, projection_dim=16)
    OwlViTForObjectDetection(config).save_pretrained(folder)
    tokenizer = CLIPTokenizer(
        vocab=str(folder / "vocab.json"), merges=str(folder / "merges.txt"), model_max_length=32
    )
    size = {"height": 32, "width": 32}
    OwlViTProcessor(OwlViTImageProcessor(size=size, crop_size=size), tokenizer).save_pretrained(
        folder
    )
    return folder
