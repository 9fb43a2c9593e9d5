"""Weights that a file does not hold: never made up, in a model that is run and in an encoder."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from hartonomous.errors import BadInput
from hartonomous.extract.extraction import open_model
from hartonomous.extract.importer_protocol import OpenOptions
from importers.transformers.sentence_encoders import open_encoder
from tests.tiny_transformers import tiny, tiny_encoder

Weights = dict[str, torch.Tensor]
LAYERS = frozenset({"layers"})


def spoilt(folder: Path, change: Callable[[Weights], Weights]) -> Path:
    """Change the weights of a model in its place."""
    file = folder / "model.safetensors"
    weights = load_file(file)
    save_file(
        change({name: tensor.clone() for name, tensor in weights.items()}), file, {"format": "pt"}
    )
    return folder


def without(part: str) -> Callable[[Weights], Weights]:
    """Return a change that drops the last tensor whose name holds a part."""
    return lambda weights: {
        name: tensor
        for name, tensor in weights.items()
        if name != max(name for name in weights if part in name)
    }


def under(prefix: str, part: str = "") -> Callable[[Weights], Weights]:
    return lambda weights: {
        f"{prefix}{name}" if part in name else name: tensor for name, tensor in weights.items()
    }


def beside(name: str) -> Callable[[Weights], Weights]:
    return lambda weights: {**weights, name: torch.zeros(3)}


def reshaped(part: str) -> Callable[[Weights], Weights]:
    return lambda weights: {
        name: torch.zeros(3, 3) if part in name else tensor for name, tensor in weights.items()
    }


SPOILT = [
    (without("layers.1"), r"1 tensor missing, 'model\.layers\.1\.self_attn\.v_proj\.weight'"),
    (without("lm_head"), "1 tensor missing, 'lm_head.weight'"),
    (without("model.norm"), "1 tensor missing, 'model.norm.weight'"),
    (
        under("module."),
        r"(?s)21 tensors missing.* and 17 more; 21 tensors unknown .*prefix 'module\.'",
    ),
    (under("_orig_mod."), r"(?s)21 tensors missing.*prefix '_orig_mod\.'"),
    (under("module.", "layers."), r"(?s)18 tensors missing.*prefix 'module\.'"),
    (
        beside("model.layers.2.mlp.up_proj.weight"),
        "1 tensor unknown to the architecture",
    ),
    (beside("model.layers.0.self_attn.q_proj.lora_A.weight"), "lora_A"),
    (beside("model.layers.0.self_attn.q_proj.bias"), "q_proj.bias"),
    (reshaped("layers.1.mlp.up_proj"), r"1 tensor of another shape.*up_proj.*3x3 where 24x16"),
]


@pytest.mark.parametrize(("change", "fault"), SPOILT)
def test_a_model_that_lacks_weights_is_refused_by_name_and_number(
    tmp_path: Path, change: Callable[[Weights], Weights], fault: str
) -> None:
    path = spoilt(tiny(tmp_path / "m", "llama", causal_head=True), change)
    for tracks in (LAYERS, frozenset({"next"})):
        with pytest.raises(BadInput, match="not those its configuration describes") as refusal:
            open_model(str(path), OpenOptions(tracks=tracks))
        assert re.search(fault, str(refusal.value)), refusal.value
        assert "--tracks embedding" in str(refusal.value)


def test_another_architecture_is_refused(tmp_path: Path) -> None:
    path = tiny(tmp_path / "m", "llama", causal_head=True)
    other = tiny(tmp_path / "o", "gpt2", causal_head=True)
    shutil.copy(other / "config.json", path / "config.json")
    with pytest.raises(BadInput, match="tensors missing"):
        open_model(str(path), OpenOptions(tracks=LAYERS))


def test_what_is_harmless_passes(tmp_path: Path) -> None:
    bert = tiny(tmp_path / "bert", "bert")
    for number, change in enumerate(
        (
            without("pooler"),
            reshaped("pooler.dense.weight"),
            beside("cls.predictions.bias"),
            beside("bert.pooler.dense.bias"),
            beside("embeddings.position_ids"),
            beside("classifier.weight"),
            under("bert."),
        )
    ):
        copy = shutil.copytree(bert, tmp_path / str(number))
        model = open_model(str(spoilt(copy, change)), OpenOptions(tracks=LAYERS))
        assert [track.evidence for track in model.tracks] == ["LAYER_EVIDENCE"]


def test_a_head_that_is_tied_need_not_be_stored(tmp_path: Path) -> None:
    path = tiny(tmp_path / "m", "llama", causal_head=True)
    config = json.loads((path / "config.json").read_text())
    (path / "config.json").write_text(json.dumps({**config, "tie_word_embeddings": True}))
    model = open_model(
        str(spoilt(path, without("lm_head"))), OpenOptions(tracks=frozenset({"next"}))
    )
    assert len(model.counted) == 1


@pytest.mark.parametrize("place", ["", "0_Transformer"])
def test_an_encoder_that_lacks_weights_is_refused(tmp_path: Path, place: str) -> None:
    whole = tiny_encoder(tmp_path / "encoder")
    if place:
        in_parts(whole, place)
    texts = ["king", "the river"]
    usual = open_encoder(whole).encode(texts)
    for number, (change, fault) in enumerate(
        [
            (without("layer.1"), "1 tensor missing, 'encoder.layer.1"),
            (under("module."), r"(?s)tensors missing.*prefix 'module\.'"),
            (beside("encoder.layer.2.output.dense.weight"), "1 tensor unknown to the architecture"),
            (reshaped("word_embeddings"), "1 tensor of another shape"),
        ]
    ):
        copy = shutil.copytree(whole, tmp_path / str(number))
        spoilt(copy / place, change)
        with pytest.raises(BadInput, match=fault) as refusal:
            open_encoder(copy)
        assert "--tracks" not in str(refusal.value)
    spoilt(whole / place, without("pooler"))
    assert (open_encoder(whole).encode(texts) == usual).all()


def in_parts(folder: Path, place: str) -> None:
    """Move an encoder's transformer into a folder of its own, as sentence-transformers had it."""
    (folder / place).mkdir()
    for file in [
        file for file in folder.iterdir() if file.is_file() and file.name != "modules.json"
    ]:
        file.rename(folder / place / file.name)
    modules = json.loads((folder / "modules.json").read_text())
    modules[0]["path"] = place
    (folder / "modules.json").write_text(json.dumps(modules))


def test_a_tokenizer_that_is_newer_than_its_library_is_refused(tmp_path: Path) -> None:
    path = tiny(tmp_path, "llama", causal_head=True)
    file = path / "tokenizer.json"
    tokenizer = json.loads(file.read_text())
    file.write_text(json.dumps({**tokenizer, "model": {**tokenizer["model"], "type": "NewModel"}}))
    for tracks in (LAYERS, frozenset({"embedding"})):
        with pytest.raises(BadInput, match="of the kind 'NewModel'"):
            open_model(str(path), OpenOptions(tracks=tracks))
    # One that our own reader knows and the library does not.
    file.write_text(json.dumps({**tokenizer, "pre_tokenizer": {"type": "NewSplit"}}))
    with pytest.raises(BadInput, match="cannot be opened as a transformer"):
        open_model(str(path), OpenOptions(tracks=LAYERS))


def test_an_architecture_without_heads_is_refused(tmp_path: Path) -> None:
    path = tiny(tmp_path, "llama", causal_head=True)
    kind = "MambaForCausalLM"
    import transformers

    config = transformers.MambaConfig(
        vocab_size=68, hidden_size=16, state_size=4, num_hidden_layers=1, architectures=[kind]
    )
    transformers.MambaForCausalLM(config).save_pretrained(path)
    with pytest.raises(BadInput, match="has no attention heads"):
        open_model(str(path), OpenOptions(tracks=LAYERS))


def test_a_model_that_cannot_be_run_is_refused(tmp_path: Path) -> None:
    path = tiny(tmp_path, "gpt2")
    config = json.loads((path / "config.json").read_text())
    # One position alone: the place of the second token is not there.
    (path / "config.json").write_text(json.dumps({**config, "n_positions": 1}))
    spoilt(path, lambda weights: {**weights, "wpe.weight": weights["wpe.weight"][:1].clone()})
    model = open_model(str(path), OpenOptions(tracks=LAYERS))
    (layers,) = model.tracks
    assert layers.prepare is not None
    with pytest.raises(BadInput, match="cannot be run as a transformer"):
        layers.prepare(lambda *done: None)


def test_a_model_beside_an_adapter_is_not_run(tmp_path: Path) -> None:
    path = tiny(tmp_path, "bert")
    (path / "adapter_config.json").write_text("{}")
    with pytest.raises(BadInput, match="also holds a LoRA adapter"):
        open_model(str(path), OpenOptions(tracks=LAYERS))
    assert open_model(str(path), OpenOptions()).tracks
