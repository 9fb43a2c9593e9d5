"""Hidden states: layer outputs and head values of every token of the vocabulary, run alone.

Each token is placed in the model's own frame ([CLS] token [SEP], or after the mark that begins a
text). At the token's position, the output of each layer is stored, and the value vector of each
head that attention would pass on. Heads that share values are one position.
"""

from __future__ import annotations

import re
import shutil
import tempfile
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hartonomous.errors import BadInput
from hartonomous.extract.importer_protocol import VectorTrack
from hartonomous.extract.vocabulary import Vocabulary
from hartonomous.progress import Progress
from hartonomous.speeds import RUN, measured
from importers.transformers.prefix_cache import PrefixMemory
from importers.transformers.transformer_weights import Transformer

Floats = NDArray[np.float32]

BATCH = 256
"""Tokens run at once; each is its own sequence."""

WHOLE_VALUES = (
    "self.value",
    "attn.v",
    "attention.v_lin",
    "self_attn.v_proj",
    "attn.v_proj",
    "attention.v_proj",
)
"""Suffixes of the names of value projections, by family."""

FUSED_VALUES = ("attn.c_attn", "self_attn.qkv_proj")
"""Projections to queries, keys and values side by side, values last."""


@dataclass(frozen=True)
class _Plan:
    """The modules to read, in the order of their layers."""

    values: list[tuple[int, Any]]
    experts: list[tuple[int, Any]]
    heads: int
    group: int
    head_size: int
    layers: int
    width: int


class TokenStates:
    """Layer outputs and values of every composition, on disk, computed on first use."""

    def __init__(
        self, transformer: Transformer, vocabulary: Vocabulary, *, layers: bool, heads: bool
    ) -> None:
        self._path, self._vocabulary = transformer.path, vocabulary
        self._layers, self._heads = layers, heads
        self._transformer = transformer
        self._prefix = PrefixMemory(transformer) if transformer.reads_on else None
        self._plan = _plan(transformer, heads)
        self._prepared = False
        self._states: NDArray[np.float32] | None = None
        self._values: NDArray[np.float32] | None = None

    @property
    def frame(self) -> list[list[int]]:
        return [list(self._transformer.prefix), list(self._transformer.suffix)]

    def tracks(self) -> Iterator[VectorTrack]:
        """Yield the requested tracks, of the layers and of the heads."""
        plan = self._plan
        if self._layers:
            names = [f"layer {layer}" for layer in range(plan.layers + 1)]
            names += [
                f"layer {layer}, expert {expert + 1}"
                for layer, module in plan.experts
                for expert in range(module.num_experts)
            ]
            yield VectorTrack(
                "LAYER_EVIDENCE", tuple(names), plan.width, self._layer, 1, self._prepare
            )
        if self._heads:
            names = [
                f"layer {layer}, {_head_name(head, plan.group)}"
                for layer, _ in plan.values
                for head in range(plan.heads)
            ]
            yield VectorTrack(
                "HEAD_EVIDENCE", tuple(names), plan.head_size, self._head, 1, self._prepare
            )

    def outputs(self, tokens: slice, progress: Progress) -> Floats:
        """Return the output of the last layer for a slice of tokens, (tokens, width) float32."""
        self._prepare(progress)
        assert self._states is not None
        return np.array(self._states[self._plan.layers, tokens])

    def _layer(self, position: int) -> Floats:
        assert self._states is not None
        return np.ascontiguousarray(self._states[position])

    def _head(self, position: int) -> Floats:
        assert self._values is not None
        layer, head = divmod(position, self._plan.heads)
        size = self._plan.head_size
        return np.ascontiguousarray(self._values[layer][:, head * size : (head + 1) * size])

    def _prepare(self, progress: Progress) -> None:
        """Run every token, once; the results are on disk as long as this object exists."""
        if self._prepared:
            return
        self._prepared = True
        place = Path(tempfile.mkdtemp(prefix="hartonomous-states-"))
        weakref.finalize(self, shutil.rmtree, place, ignore_errors=True)
        plan, n = self._plan, len(self._vocabulary)
        experts = sum(module.num_experts for _, module in plan.experts)
        if self._layers:
            shape = (plan.layers + 1 + experts, n, plan.width)
            self._states = np.memmap(place / "states", np.float32, "w+", shape=shape)
        if self._heads:
            shape = (len(plan.values), n, plan.heads * plan.head_size)
            self._values = np.memmap(place / "values", np.float32, "w+", shape=shape)
        rows = self._vocabulary.rows
        around = 0 if self._prefix else len(self._transformer.prefix + self._transformer.suffix)
        with measured(RUN, float(self._transformer.parameters) * n * (1 + around)):
            self._run_tokens(rows, progress)
        del self._transformer, self._prefix

    def _run_tokens(self, rows: NDArray[np.int64], progress: Progress) -> None:
        plan, n = self._plan, len(rows)
        for first in range(0, n, BATCH):
            part = slice(first, min(first + BATCH, n))
            states, values = _run(self._transformer, self._prefix, plan, rows[part], self._layers)
            self._check(part, states, values)
            if self._states is not None:
                self._states[:, part] = states
            if self._values is not None:
                self._values[:, part] = values
            progress("tokens", part.stop, n)

    def _check(self, part: slice, states: Floats, values: Floats) -> None:
        for name, found in (("output", states), ("values", values)):
            bad = np.argwhere(~np.isfinite(found).all(axis=2))
            if len(bad):
                layer, place = bad[0]
                text = self._vocabulary.compositions["text"][part.start + int(place)].as_py()
                raise BadInput(
                    f"{self._path}: the {name} of layer {layer} is not finite for {text!r}; the "
                    "file is damaged, or the model cannot be run in float32."
                )


def _head_name(head: int, group: int) -> str:
    if group == 1:
        return f"head {head + 1}"
    return f"heads {head * group + 1}-{(head + 1) * group}"


def _plan(transformer: Transformer, heads: bool) -> _Plan:
    """Return the value projections of a family's layers; raises BadInput for an unknown family."""
    path, config = transformer.path, transformer.config.get_text_config()
    if getattr(config, "is_encoder_decoder", False):
        raise BadInput(f"{path}: encoder-decoder models are not supported for layers and heads.")
    count = getattr(config, "num_attention_heads", None)
    if not count:
        raise BadInput(
            f"{path}: the architecture {config.model_type!r} has no attention heads, and layers "
            "and heads are supported for transformers only. Extract its embedding: --tracks "
            "embedding."
        )
    shared = getattr(config, "num_key_value_heads", None) or count
    values, experts = [], []
    for name, module in transformer.body.named_modules():
        layer = re.search(r"\.(\d+)\.", name)
        if layer is None:
            continue
        if name.endswith((*WHOLE_VALUES, *FUSED_VALUES)):
            values.append((int(layer[1]) + 1, module))
        elif name.endswith(".experts") and hasattr(module, "num_experts"):
            experts.append((int(layer[1]) + 1, module))
    if heads and len(values) != config.num_hidden_layers:
        raise BadInput(
            f"{path}: the position of the head values in the architecture {config.model_type!r} "
            "is unknown. Extract its layers: --tracks embedding,layers."
        )
    size = getattr(config, "head_dim", None) or config.hidden_size // count
    return _Plan(
        values if heads else [],
        experts,
        shared,
        count // shared,
        size,
        config.num_hidden_layers,
        config.hidden_size,
    )


def _run(
    transformer: Transformer,
    prefix: PrefixMemory | None,
    plan: _Plan,
    rows: NDArray[np.int64],
    layers: bool,
) -> tuple[Floats, Floats]:
    """Return states (positions, tokens, width) and values (layers, tokens, heads * size)."""
    torch: Any = import_module("torch")
    before, after = (() if prefix else transformer.prefix), transformer.suffix
    ids = np.empty((len(rows), len(before) + 1 + len(after)), dtype=np.int64)
    ids[:, : len(before)], ids[:, len(before)] = before, rows
    ids[:, len(before) + 1 :] = after
    place = len(before)
    tokens = torch.from_numpy(ids).to(transformer.device)
    whole = {"attention_mask": torch.ones_like(tokens)}
    frame = prefix.for_sequences(len(rows)) if prefix else whole
    kept_values: dict[int, Any] = {}
    kept_inputs: dict[int, Any] = {}
    width = plan.heads * plan.head_size

    def keep_values(layer: int) -> Callable[..., None]:
        def hook(module: Any, inputs: Any, output: Any) -> None:
            kept_values[layer] = output[:, place, -width:]

        return hook

    def keep_inputs(layer: int) -> Callable[..., None]:
        def hook(module: Any, inputs: Any) -> None:
            kept_inputs[layer] = inputs[0].reshape(len(rows), -1, plan.width)[:, place]

        return hook

    with torch.inference_mode(), transformer.running():
        with _hooks(plan, keep_values, keep_inputs):
            output = transformer.body(input_ids=tokens, output_hidden_states=layers, **frame)
        states = [state[:, place] for state in output.hidden_states] if layers else []
        for layer, module in plan.experts if layers else ():
            for expert in range(module.num_experts):
                chosen = torch.full((len(rows), 1), expert, device=transformer.device)
                alone = torch.ones((len(rows), 1), device=transformer.device)
                states.append(module(kept_inputs[layer], chosen, alone))
    values = [kept_values[layer] for layer, _ in plan.values]
    return _stacked(states, len(rows)), _stacked(values, len(rows))


@contextmanager
def _hooks(
    plan: _Plan,
    keep_values: Callable[[int], Callable[..., None]],
    keep_inputs: Callable[[int], Callable[..., None]],
) -> Iterator[None]:
    handles = [m.register_forward_hook(keep_values(layer)) for layer, m in plan.values]
    handles += [m.register_forward_pre_hook(keep_inputs(layer)) for layer, m in plan.experts]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _stacked(parts: list[Any], tokens: int) -> Floats:
    if not parts:
        return np.empty((0, tokens, 0), dtype=np.float32)
    return np.stack([part.float().cpu().numpy() for part in parts])
