"""Other models of the kinds that are opened, untrained: towers of texts and pictures, detectors."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers

from hartonomous.errors import BadInput
from hartonomous.extract.detector_protocol import DetectorOptions, found_in, open_detector
from importers.detectors.transformers_detectors import asked_label
from importers.towers.tower_importer import open_towers

Maker = Callable[[Path], None]
models: Any = transformers

SMALL = {
    "hidden_size": 32,
    "intermediate_size": 37,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
}
EYES = {**SMALL, "image_size": 32, "patch_size": 8}
SQUARE = {"height": 32, "width": 32}
NOISE = np.random.default_rng(0).integers(0, 255, (40, 64, 3)).astype(np.uint8)


def words(folder: Path) -> tuple[Any, int]:
    """Write a vocabulary of words; return its tokenizer and size."""
    folder.mkdir(parents=True)
    known = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "red", "star", "circle", "."]
    (folder / "vocab.txt").write_text("\n".join(known))
    vocabulary = str(folder / "vocab.txt")
    return models.BertTokenizerFast(vocab_file=vocabulary, model_max_length=12), len(known)


def siglip(folder: Path) -> None:
    tokenizer, size = words(folder)
    text = {**SMALL, "vocab_size": size, "max_position_embeddings": 12, "projection_size": 32}
    models.SiglipModel(models.SiglipConfig(text_config=text, vision_config=EYES)).save_pretrained(
        folder
    )
    models.SiglipImageProcessor(size=SQUARE).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def alt_clip(folder: Path) -> None:
    tokenizer, size = words(folder)
    text = {**SMALL, "vocab_size": size, "max_position_embeddings": 20, "project_dim": 16}
    vision = {**EYES, "projection_dim": 16}
    config = models.AltCLIPConfig(text_config=text, vision_config=vision, projection_dim=16)
    models.AltCLIPModel(config).save_pretrained(folder)
    crop = {"size": {"shortest_edge": 32}, "crop_size": SQUARE}
    models.CLIPImageProcessor(**crop).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def chinese_clip(folder: Path) -> None:
    tokenizer, size = words(folder)
    text = {**SMALL, "vocab_size": size, "max_position_embeddings": 20}
    vision = {**EYES, "projection_dim": 16}
    config = models.ChineseCLIPConfig(text_config=text, vision_config=vision, projection_dim=16)
    models.ChineseCLIPModel(config).save_pretrained(folder)
    models.ChineseCLIPImageProcessor(size=SQUARE, crop_size=SQUARE).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


@pytest.mark.parametrize("make", [siglip, alt_clip, chinese_clip])
def test_towers_of_other_kinds_read_and_see(make: Maker, tmp_path: Path) -> None:
    torch.manual_seed(0)
    make(tmp_path / "model")
    towers = open_towers(tmp_path / "model", "cpu")
    texts = towers.read_texts(["a red star", "circle", "a red star " * 40])
    pictures = towers.see([NOISE, NOISE[:9, :9]])
    assert texts.shape == (3, towers.dimensions) and pictures.shape == (2, towers.dimensions)
    assert np.isfinite(texts).all() and np.isfinite(pictures).all()
    assert not np.allclose(texts[0], texts[1])


def _swin(stages: tuple[str, ...]) -> Any:
    return models.SwinConfig(
        image_size=32, embed_dim=8, depths=[1] * 4, num_heads=[1] * 4, window_size=2,
        out_features=list(stages),
    )  # fmt: skip


def mask2former(folder: Path) -> None:
    config = models.Mask2FormerConfig(
        backbone_config=_swin(("stage1", "stage2", "stage3", "stage4")), feature_size=32,
        mask_feature_size=32, hidden_dim=32, encoder_feedforward_dim=16, encoder_layers=1,
        decoder_layers=2, num_attention_heads=2, dim_feedforward=16, num_queries=5,
        id2label={0: "cat", 1: "dog"}, label2id={"cat": 0, "dog": 1},
    )  # fmt: skip
    models.Mask2FormerForUniversalSegmentation(config).save_pretrained(folder)
    square = {"height": 64, "width": 64}
    models.Mask2FormerImageProcessor(size=square, size_divisor=32).save_pretrained(folder)


def grounding_dino(folder: Path) -> None:
    tokenizer, size = words(folder)
    config = models.GroundingDinoConfig(
        backbone_config=_swin(("stage2", "stage3", "stage4")),
        text_config=models.BertConfig(**SMALL, vocab_size=size, max_position_embeddings=64),
        d_model=32, encoder_layers=1, decoder_layers=2, encoder_ffn_dim=16, decoder_ffn_dim=16,
        encoder_attention_heads=2, decoder_attention_heads=2, num_queries=5, max_text_len=32,
    )  # fmt: skip
    models.GroundingDinoForObjectDetection(config).save_pretrained(folder)
    sides = {"shortest_edge": 128, "longest_edge": 256}
    seen = models.GroundingDinoImageProcessor(size=sides)
    models.GroundingDinoProcessor(seen, tokenizer).save_pretrained(folder)


def owlv2(folder: Path) -> None:
    folder.mkdir(parents=True)
    letters = "abcdefghijklmnopqrstuvwxyz"
    tokens = [*letters, *(f"{one}</w>" for one in letters), "<|startoftext|>", "<|endoftext|>"]
    numbers = {one: at for at, one in enumerate(tokens)}
    tokenizer = models.CLIPTokenizer(vocab=numbers, merges=[], model_max_length=16)
    text = {**SMALL, "vocab_size": len(tokens), "max_position_embeddings": 16,
            "bos_token_id": 52, "eos_token_id": 53, "pad_token_id": 53}  # fmt: skip
    config = models.Owlv2Config(text_config=text, vision_config=EYES, projection_dim=32)
    models.Owlv2ForObjectDetection(config).save_pretrained(folder)
    models.Owlv2Processor(models.Owlv2ImageProcessor(size=SQUARE), tokenizer).save_pretrained(
        folder
    )


@pytest.mark.parametrize("make", [mask2former, grounding_dino, owlv2])
def test_detectors_of_other_kinds_find_only_what_they_may(make: Maker, tmp_path: Path) -> None:
    torch.manual_seed(0)
    make(tmp_path / "model")
    labels = None
    if make is not mask2former:
        labels = tmp_path / "labels.txt"
        labels.write_text("star\nred circle of more letters than the window has tokens\n")
    detector = open_detector(tmp_path / "model", DetectorOptions(threshold=0.0, labels=labels))
    excluded = Counter[str]()
    (found,) = found_in(detector, [NOISE], excluded)
    assert len(found.labels) + sum(excluded.values()) > 0
    assert set(found.labels.tolist()) <= set(detector.labels)
    assert np.isfinite(found.boxes).all() and (found.boxes >= 0).all()
    assert (found.boxes[:, 2] <= 64).all() and (found.boxes[:, 3] <= 40).all()
    assert ((found.scores >= 0) & (found.scores <= 1)).all()


def test_a_model_that_fails_on_a_picture_is_refused_with_what_it_says(tmp_path: Path) -> None:
    torch.manual_seed(0)
    mask2former(tmp_path / "model")
    models.Mask2FormerImageProcessor(size=SQUARE, size_divisor=32).save_pretrained(
        tmp_path / "model"
    )
    detector = open_detector(tmp_path / "model")
    with pytest.raises(BadInput, match="cannot be run on a picture of 64 x 40 pixels"):
        detector.detect([NOISE])


def test_answers_by_pieces_of_what_was_asked_stand_for_it() -> None:
    asked = ("star", "red star", "blue circle")
    assert [asked_label(text, asked) for text in ("star", "red", "circle blue", "[sep] x")] == [
        "star", "red star", "blue circle", "",
    ]  # fmt: skip
