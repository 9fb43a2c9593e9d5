"""Transformers by layer and by head: what is read is what the model computes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers

from hartonomous.errors import BadInput, UsageError
from hartonomous.extract.extraction import ExtractOptions, extract, open_model
from hartonomous.extract.importer_protocol import OpenedModel, OpenOptions
from hartonomous.extract.search.nearest_neighbours import NeighbourOptions
from importers.transformers import transformer_weights
from tests.building import silent
from tests.tiny_transformers import CAUSAL, CONFIGS, tiny

ALL = frozenset({"embedding", "layers", "heads"})
TOLERANCE = 1e-5


def opened(path: Path, tracks: frozenset[str] = ALL, **options: Any) -> OpenedModel:
    model = open_model(str(path), OpenOptions(tracks=tracks, **options))
    for track in model.tracks:
        if track.prepare is not None:
            track.prepare(silent)
    return model


@pytest.mark.parametrize(
    ("family", "head"), [*((each, False) for each in CONFIGS), *((each, True) for each in CAUSAL)]
)
def test_layers_are_those_the_model_gives(tmp_path: Path, family: str, head: bool) -> None:
    model = opened(tiny(tmp_path, family, causal_head=head))
    tracks = {track.evidence: track for track in model.tracks}
    assert list(tracks) == ["EMBEDDING_EVIDENCE", "LAYER_EVIDENCE", "HEAD_EVIDENCE"]
    layers, heads = tracks["LAYER_EVIDENCE"], tracks["HEAD_EVIDENCE"]
    reference = transformers.AutoModel.from_pretrained(tmp_path).eval()
    place = model.vocabulary.compositions["text"].to_pylist().index("king")
    row = int(model.vocabulary.rows[place])
    frame = [5, row] if family in CAUSAL else [2, row, 3]
    with torch.inference_mode():
        states = reference(torch.tensor([frame]), output_hidden_states=True).hidden_states
    for position, state in enumerate(states):
        assert layers.positions[position] == f"layer {position}"
        np.testing.assert_allclose(
            layers.vectors(position)[place], state[0, 1].numpy(), atol=TOLERANCE
        )
    assert heads.dimensions == 4
    shared = family in CAUSAL and family != "gpt2"
    assert len(heads.positions) == (4 if shared else 8)
    assert heads.positions[1] == ("layer 1, heads 3-4" if shared else "layer 1, head 2")
    assert heads.vectors(0).shape == (len(model.vocabulary), 4)


def test_a_heads_values_are_its_part_of_the_projection(tmp_path: Path) -> None:
    model = opened(tiny(tmp_path, "bert"), frozenset({"heads"}))
    (heads,) = model.tracks
    reference = transformers.AutoModel.from_pretrained(tmp_path).eval()
    row = int(model.vocabulary.rows[3])
    with torch.inference_mode():
        states = reference(torch.tensor([[2, row, 3]]), output_hidden_states=True).hidden_states
        value = reference.encoder.layer[1].attention.self.value(states[1])[0, 1]
    # The second layer's third head is position 1 * 4 + 2 and has columns 8 to 12.
    assert heads.positions[6] == "layer 2, head 3"
    np.testing.assert_allclose(heads.vectors(6)[3], value[8:12].numpy(), atol=TOLERANCE)


def test_a_causal_models_heads_see_its_prefix(tmp_path: Path) -> None:
    model = opened(tiny(tmp_path, "llama", causal_head=True), frozenset({"heads"}))
    reference = transformers.AutoModel.from_pretrained(tmp_path).eval()
    row = int(model.vocabulary.rows[3])
    layer = reference.layers[1]
    with torch.inference_mode():
        states = reference(torch.tensor([[5, row]]), output_hidden_states=True).hidden_states
        value = layer.self_attn.v_proj(layer.input_layernorm(states[1]))[0, 1].numpy()
    (heads,) = model.tracks
    np.testing.assert_allclose(heads.vectors(3)[3], value[4:8], atol=TOLERANCE)


def test_experts_are_positions(tmp_path: Path) -> None:
    model = opened(tiny(tmp_path, "mixtral"), frozenset({"layers"}))
    (layers,) = model.tracks
    assert layers.positions[3:] == tuple(
        f"layer {layer}, expert {expert}" for layer in (1, 2) for expert in (1, 2, 3)
    )
    first, second = layers.vectors(3), layers.vectors(4)
    assert np.abs(first - second).max() > 1e-4
    assert np.isfinite(first).all()


def test_pairs_below_the_threshold_are_counted(tmp_path: Path) -> None:
    model = open_model(str(tiny(tmp_path / "m", "bert")), OpenOptions(tracks=frozenset({"heads"})))
    options = ExtractOptions(NeighbourOptions(k=5))
    bundle = extract(model, options, tmp_path / "b", silent)
    (track,) = bundle.tracks
    assert track.minimum == 5
    assert track.below > 0
    rows = next(bundle.evidence(track, 10**6))
    assert min(rows["n"].to_pylist()) >= 5
    n = len(model.vocabulary)
    assert track.rows + track.below <= n * (n - 1) // 2


def test_how_many_have_to_list_a_pair_can_be_chosen(tmp_path: Path) -> None:
    path = str(tiny(tmp_path / "m", "bert"))

    def supports(support: int | None) -> tuple[OpenedModel, list[int]]:
        model = open_model(path, OpenOptions(tracks=ALL, support=support))
        return model, [track.minimum for track in model.tracks]

    usual, counts = supports(None)
    assert [len(track.positions) for track in usual.tracks] == [1, 3, 8]
    assert counts == [1, 1, 5]
    chosen, counts = supports(4)
    assert counts == [1, 3, 4]
    # The same files seen with other thresholds are another source.
    assert usual.options != chosen.options
    with pytest.raises(UsageError, match="--support is for layers, heads"):
        open_model(path, OpenOptions(support=2))


def test_an_interrupted_extraction_goes_on_with_the_next_position(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tiny(tmp_path / "m", "bert")
    options = ExtractOptions(NeighbourOptions(k=5))

    def model() -> OpenedModel:
        return open_model(str(path), OpenOptions(tracks=ALL))

    whole = extract(model(), options, tmp_path / "whole", silent)

    def stop(stage: str, done: int, total: int) -> None:
        if stage == "head: layer 2, head 1" and done == total // 8 * 5:
            raise KeyboardInterrupt

    work = tmp_path / "work"
    with pytest.raises(KeyboardInterrupt):
        extract(model(), options, tmp_path / "b", stop, work)
    assert not (tmp_path / "b").exists()
    kept = sorted(file.name for file in work.iterdir())
    assert "HEAD_EVIDENCE-00003.npz" in kept
    assert "HEAD_EVIDENCE-00004.npz" not in kept
    (work / "HEAD_EVIDENCE-00002.npz").write_bytes(b"cut off")
    searched: list[str] = []
    resumed = extract(
        model(), options, tmp_path / "b", lambda stage, *_: searched.append(stage), work
    )
    assert "head: layer 1, head 2" not in searched
    assert {"head: layer 1, head 3", "head: layer 2, head 1"} <= set(searched)
    assert resumed.digest == whole.digest


def test_every_shard_that_a_run_reads_is_in_the_digest(tmp_path: Path) -> None:
    one = transformers.AutoModel.from_pretrained(tiny(tmp_path / "m", "bert"))
    (tmp_path / "m" / "model.safetensors").unlink()
    one.save_pretrained(tmp_path / "m", max_shard_size="20KB")
    shards = {file.name for file in (tmp_path / "m").glob("*.safetensors")}
    assert len(shards) > 1
    opened = open_model(str(tmp_path / "m"), OpenOptions(tracks=frozenset({"heads"})))
    names = [file.name for file in opened.files]
    assert shards < set(names)
    assert len(names) == len(set(names))


def test_code_of_a_model_is_not_run(tmp_path: Path) -> None:
    config = tiny(tmp_path, "bert") / "config.json"
    described = json.loads(config.read_text())
    config.write_text(json.dumps({**described, "auto_map": {"AutoModel": "evil.Model"}}))
    with pytest.raises(BadInput, match="its own Python code"):
        opened(tmp_path)
    assert opened(tmp_path, frozenset({"embedding"})).tracks


def test_values_that_are_not_finite_are_refused(tmp_path: Path) -> None:
    path = tiny(tmp_path, "bert")
    model = transformers.AutoModel.from_pretrained(path)
    with torch.no_grad():
        model.encoder.layer[1].attention.self.value.weight[0, 0] = float("nan")
    model.save_pretrained(path)
    with pytest.raises(BadInput, match="not finite"):
        opened(path)


def test_a_model_larger_than_memory_is_refused_with_the_figure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transformer_weights, "MEMORY_SHARE", 1e-9)
    with pytest.raises(BadInput, match="GB of memory are free"):
        opened(tiny(tmp_path, "bert"))


def test_an_unknown_architecture_names_what_can_be_had(tmp_path: Path) -> None:
    path = tiny(tmp_path, "bert")
    config = path / "config.json"
    config.write_text(config.read_text().replace('"bert"', '"no-such-model"'))
    with pytest.raises(BadInput, match="cannot be opened as a transformer"):
        opened(path)


def test_only_pickled_weights_are_refused(tmp_path: Path) -> None:
    path = tiny(tmp_path, "bert")
    weights = path / "model.safetensors"
    torch.save({"weight": torch.zeros(1)}, path / "pytorch_model.bin")
    weights.unlink()
    with pytest.raises(BadInput, match="pickle"):
        opened(path)
