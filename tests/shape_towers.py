"""A trained CLIP of a fifth of a million parameters, which knows drawn shapes, as a saved folder."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np

from hartonomous.identity import content_digest, file_digest
from tests import drawn_shapes
from tests.drawn_shapes import COLOURS, EVERYTHING, SHAPES, SIDE, SIZES, draw

ROOT = Path(__file__).parents[1]

STEPS, BATCH, RATE = 400, 128, 2e-3
DRAWN = 6_000
SPECIALS = ["[PAD]", "[UNK]", "[BOS]", "[EOS]"]
WORDS = ["a", "photo", "of", *SIZES, *COLOURS, *SHAPES]
WIDTH, LAYERS, HEADS, JOINT, LONGEST = 64, 2, 4, 32, 12


def shape_towers(steps: int = STEPS) -> Path:
    """Return the model's folder below .models/made, trained if this script has not trained it yet."""
    scripts = [file_digest(Path(file)) for file in (__file__, drawn_shapes.__file__)]
    digest = content_digest("made", {"scripts": scripts, "steps": steps})[:32]
    target = ROOT / ".models" / "made" / f"shape-towers-{digest}"
    if not target.is_dir():
        partial = target.with_name(f"{target.name}.{os.getpid()}")
        shutil.rmtree(partial, ignore_errors=True)
        _train(partial, steps)
        try:
            partial.rename(target)
        except OSError:
            # Another process was faster, with the same model.
            shutil.rmtree(partial, ignore_errors=True)
    return target


def untrained(folder: Path, joint: int = JOINT) -> Path:
    """Write a model of the same form with random weights; return the folder."""
    import torch

    torch.manual_seed(0)
    tokenizer = _tokenizer()
    _save(folder, _model(tokenizer, joint), tokenizer)
    return folder


def _tokenizer() -> Any:
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    numbers = {word: at for at, word in enumerate([*SPECIALS, *WORDS])}
    tokenizer = Tokenizer(models.WordLevel(numbers, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[BOS] $A [EOS]", special_tokens=[("[BOS]", 2), ("[EOS]", 3)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="[PAD]",
        unk_token="[UNK]",
        bos_token="[BOS]",
        eos_token="[EOS]",
        model_max_length=LONGEST,
    )


def _model(tokenizer: Any, joint: int = JOINT) -> Any:
    from transformers import CLIPConfig, CLIPModel

    sizes = {
        "hidden_size": WIDTH,
        "intermediate_size": 2 * WIDTH,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS,
        "projection_dim": joint,
    }
    text = {
        **sizes,
        "vocab_size": len(tokenizer),
        "max_position_embeddings": LONGEST,
        "pad_token_id": 0,
        "bos_token_id": 2,
        "eos_token_id": 3,
    }
    vision = {**sizes, "num_hidden_layers": LAYERS + 1, "image_size": SIDE, "patch_size": 8}
    return CLIPModel(CLIPConfig(text_config=text, vision_config=vision, projection_dim=joint))


def _save(folder: Path, model: Any, tokenizer: Any) -> None:
    from transformers import CLIPImageProcessor

    square = {"height": SIDE, "width": SIDE}
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    CLIPImageProcessor(size={"shortest_edge": SIDE}, crop_size=square).save_pretrained(folder)


def _train(folder: Path, steps: int) -> None:
    import torch

    torch.manual_seed(7)
    rng = np.random.default_rng(7)
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        tokenizer = _tokenizer()
        model = _model(tokenizer)
        things = [EVERYTHING[at] for at in rng.integers(0, len(EVERYTHING), DRAWN)]
        drawn = np.stack([draw(thing, rng) for thing in things]).astype(np.float32) / 255
        mean = np.array([0.48145466, 0.4578275, 0.40821073], np.float32)
        deviation = np.array([0.26862954, 0.26130258, 0.27577711], np.float32)
        pixels = torch.from_numpy(((drawn - mean) / deviation).transpose(0, 3, 1, 2).copy())
        optimizer = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=0.05)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps)
        model.train()
        for _ in range(steps):
            batch = rng.integers(0, DRAWN, BATCH)
            loss = _loss(model, tokenizer, pixels[batch], [things[at] for at in batch], rng)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
        model.eval()
        _save(folder, model, tokenizer)
    finally:
        torch.set_num_threads(before)


def _loss(model: Any, tokenizer: Any, pixels: Any, things: list[Any], rng: Any) -> Any:
    """Return CLIP's loss, where a text may be true of several pictures of the batch."""
    import torch

    shares = np.array([6, 2, 1, 1, 1, 1, 1]) / 13
    texts = [thing.phrases()[rng.choice(len(shares), p=shares)] for thing in things]
    said = [frozenset(thing.phrases()) for thing in things]
    true = torch.tensor([[text in one for one in said] for text in texts], dtype=torch.float32)
    read = tokenizer(texts, padding=True, return_tensors="pt")
    output = model(
        input_ids=read["input_ids"], attention_mask=read["attention_mask"], pixel_values=pixels
    )
    logits = output.logits_per_text
    ways = ((logits, true), (logits.T, true.T))
    return (
        sum(
            -(one.log_softmax(dim=1) * share / share.sum(dim=1, keepdim=True)).sum(dim=1).mean()
            for one, share in ways
        )
        / 2
    )
