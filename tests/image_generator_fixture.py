"""A Stable Diffusion pipeline of tiny parts, trained on drawn shapes, as the folder that diffusers saves.

It is trained once for a script and a length, and kept beside the packaged models.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hartonomous.identity import content_digest
from tests import drawn_prompts
from tests.drawn_prompts import draw, every_prompt

MADE = Path(__file__).parents[1] / ".models" / "made"
EACH = 60
"""Drawings of each prompt that it is trained on."""

BATCH = 32


@dataclass(frozen=True)
class Length:
    """Steps of training: of the autoencoder, and of the denoiser with its text encoder."""

    autoencoder: int
    denoiser: int


SHORT = Length(140, 100)
LONG = Length(450, 900)


def image_generator(length: Length = SHORT) -> Path:
    """Return the folder of the pipeline, trained if it is not there yet."""
    scripts = [Path(__file__).read_text("utf-8"), Path(drawn_prompts.__file__).read_text("utf-8")]
    said = {"scripts": scripts, "steps": [length.autoencoder, length.denoiser]}
    folder = MADE / content_digest("image generator", said)[:32]
    if not (folder / "model_index.json").is_file():
        MADE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=MADE, prefix=".training-") as work:
            made = Path(work) / "made"
            _trained(length).save_pretrained(made, safe_serialization=True)
            shutil.rmtree(folder, ignore_errors=True)
            os.replace(made, folder)
    return folder


def _trained(length: Length) -> Any:
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        torch.manual_seed(0)
        pipeline = untrained()
        prompts, pictures = _drawings()
        latents = _train_autoencoder(pipeline.vae, pictures, length.autoencoder)
        _train_denoiser(pipeline, prompts, latents, length.denoiser)
        return pipeline
    finally:
        torch.set_num_threads(threads)


def untrained() -> Any:
    """Return the pipeline with random weights."""
    from diffusers import (
        AutoencoderKL,
        DDIMScheduler,
        StableDiffusionPipeline,
        UNet2DConditionModel,
    )
    from transformers import CLIPTextConfig, CLIPTextModel

    tokenizer = _tokenizer()
    text = CLIPTextConfig(
        vocab_size=len(tokenizer), hidden_size=64, intermediate_size=128, num_hidden_layers=2,
        num_attention_heads=4, max_position_embeddings=16, projection_dim=64,
        bos_token_id=tokenizer.bos_token_id, eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )  # fmt: skip
    autoencoder = AutoencoderKL(
        block_out_channels=(8, 16, 32), down_block_types=("DownEncoderBlock2D",) * 3,
        up_block_types=("UpDecoderBlock2D",) * 3, latent_channels=4, layers_per_block=1,
        norm_num_groups=8, sample_size=drawn_prompts.SIDE, mid_block_add_attention=False,
    )  # fmt: skip
    denoiser = UNet2DConditionModel(
        sample_size=drawn_prompts.SIDE // 4, in_channels=4, out_channels=4, layers_per_block=1,
        block_out_channels=(32, 64), down_block_types=("CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D"), cross_attention_dim=64,
        attention_head_dim=8, norm_num_groups=8,
    )  # fmt: skip
    scheduler = DDIMScheduler(
        num_train_timesteps=1000, beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear",
        clip_sample=False, set_alpha_to_one=False, steps_offset=1,
    )  # fmt: skip
    return StableDiffusionPipeline(
        vae=autoencoder, text_encoder=CLIPTextModel(text), tokenizer=tokenizer, unet=denoiser,
        scheduler=scheduler, safety_checker=None, feature_extractor=None,
        requires_safety_checker=False,
    )  # fmt: skip


def _tokenizer() -> Any:
    from transformers import CLIPTokenizer

    words = sorted({word for prompt in every_prompt() for word in prompt.split()})
    merges: list[tuple[str, str]] = []
    letters = sorted({letter for word in words for letter in word})
    vocabulary = [*letters, *(f"{letter}</w>" for letter in letters)]
    for word in words:
        parts = [*word[:-1], f"{word[-1]}</w>"]
        while len(parts) > 1:
            pair = (parts[0], parts[1])
            parts = [parts[0] + parts[1], *parts[2:]]
            if pair not in merges:
                merges.append(pair)
                vocabulary.append(parts[0])
    vocabulary = list(dict.fromkeys([*vocabulary, "<|startoftext|>", "<|endoftext|>"]))
    places = {text: at for at, text in enumerate(vocabulary)}
    return CLIPTokenizer(vocab=places, merges=merges, model_max_length=16)


def _drawings() -> tuple[list[str], Any]:
    """Return prompts and drawings, float32 (n, 3, SIDE, SIDE) in [-1, 1]."""
    import torch

    rng = np.random.default_rng(0)
    prompts = [prompt for prompt in every_prompt() for _ in range(EACH)]
    pixels = np.stack([draw(prompt, rng) for prompt in prompts])
    return prompts, torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 127.5 - 1


def _train_autoencoder(autoencoder: Any, pictures: Any, steps: int) -> Any:
    """Train the autoencoder; return the drawings' latents, of unit deviation."""
    import torch

    chosen = torch.Generator().manual_seed(1)
    optimiser = torch.optim.AdamW(autoencoder.parameters(), lr=2e-3, weight_decay=0)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 4e-3, steps)
    for _ in range(steps):
        batch = pictures[torch.randint(len(pictures), (BATCH,), generator=chosen)]
        latents = autoencoder.encode(batch).latent_dist.mode()
        back = autoencoder.decode(latents).sample
        # Most of a picture is its ground, whose colour is soon learnt.
        drawn = (batch - batch[:, :, :1, :1]).abs().amax(1, keepdim=True) > 0.1
        loss = ((1 + 6 * drawn) * (back - batch) ** 2).mean() + 1e-4 * (latents**2).mean()
        _step(loss, optimiser, schedule)
    with torch.no_grad():
        parts = [autoencoder.encode(part).latent_dist.mean for part in pictures.split(BATCH)]
    latents = torch.cat(parts)
    scale = float(1 / latents.std())
    autoencoder.register_to_config(scaling_factor=scale)
    return latents * scale


def _train_denoiser(pipeline: Any, prompts: list[str], latents: Any, steps: int) -> None:
    import torch

    tokens = pipeline.tokenizer(
        [*prompts, ""], padding="max_length", max_length=16, return_tensors="pt"
    ).input_ids
    chosen = torch.Generator().manual_seed(2)
    weights = [*pipeline.unet.parameters(), *pipeline.text_encoder.parameters()]
    optimiser = torch.optim.AdamW(weights, lr=2e-3, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 2e-3, steps)
    for _ in range(steps):
        rows = torch.randint(len(latents), (BATCH,), generator=chosen)
        nothing = torch.rand(BATCH, generator=chosen) < 0.1
        said = tokens[torch.where(nothing, torch.tensor(len(prompts)), rows)]
        noise = torch.randn(latents[rows].shape, generator=chosen)
        at = torch.randint(1000, (BATCH,), generator=chosen)
        noisy = pipeline.scheduler.add_noise(latents[rows], noise, at)
        states = pipeline.text_encoder(said)[0]
        guess = pipeline.unet(noisy, at, encoder_hidden_states=states).sample
        _step(torch.nn.functional.mse_loss(guess, noise), optimiser, schedule)


def _step(loss: Any, optimiser: Any, schedule: Any) -> None:
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    schedule.step()
