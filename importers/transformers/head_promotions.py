"""Head promotions: output tokens that a head of a causal model promotes for an input token, from
its weights.

The output-value circuit of a head (Elhage et al. 2021, A Mathematical Framework for Transformer
Circuits): the token's embedding, through the norm before the layer, the head's values and its part
of the output projection, through the last norm, onto the vocabulary. The head's mean contribution
over all tokens, of its values and of its output over the vocabulary, is subtracted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hartonomous.errors import BadInput
from hartonomous.extract.importer_protocol import ListedTrack
from hartonomous.extract.search.nearest_neighbours import Neighbours
from hartonomous.extract.vocabulary import Vocabulary
from importers.transformers.transformer_weights import Transformer

PROMOTED = 10
"""Tokens taken for each token and head, as in MAPS (Elhelo, Geva 2024)."""

SCORE_BYTES = 1 << 26
"""Bytes of the scores of a block of tokens."""


@dataclass(frozen=True)
class Layout:
    """The names of a family's modules in the circuits."""

    layers: str
    norm: str
    values: str
    output: str
    last_norm: str


_LLAMA = Layout(
    "model.layers", "input_layernorm", "self_attn.v_proj", "self_attn.o_proj", "model.norm"
)
LAYOUTS = {
    "gpt2": Layout("transformer.h", "ln_1", "attn.c_attn", "attn.c_proj", "transformer.ln_f"),
    **dict.fromkeys(("llama", "mistral", "mixtral", "qwen2"), _LLAMA),
}
"""By `model_type`: families whose layers add the heads' outputs to the residual unchanged."""


@dataclass(frozen=True)
class Circuit:
    """One head over a vocabulary of N: `values` (N, s), and `written` (s, width), the contribution
    of a value to the residual, scaled by the last norm.
    """

    values: Any
    written: Any


class Promotions:
    """The output-value circuits of a causal model's heads."""

    def __init__(self, transformer: Transformer, vocabulary: Vocabulary) -> None:
        self._torch: Any = import_module("torch")
        self._path, self._vocabulary = transformer.path, vocabulary
        self._model = transformer.model
        config = self._model.config.get_text_config()
        if config.model_type not in LAYOUTS:
            raise BadInput(
                f"{self._path}: promotions of the heads of {config.model_type!r} are not known "
                f"how to read; supported are {', '.join(LAYOUTS)}. Leave promotions out of "
                "--tracks."
            )
        self._layout = LAYOUTS[config.model_type]
        self._heads = config.num_attention_heads
        # Query heads that share values each have their own part of the output projection.
        shared = getattr(config, "num_key_value_heads", None) or self._heads
        self._group = self._heads // shared
        self._size = getattr(config, "head_dim", None) or config.hidden_size // self._heads
        self._layers = list(self._model.get_submodule(self._layout.layers))
        rows = self._torch.from_numpy(vocabulary.rows).to(transformer.device)
        with self._torch.inference_mode():
            self._embedded = self._model.get_input_embeddings().weight[rows]
            said = self._model.get_output_embeddings().weight[rows]
            self._said = said - said.mean(dim=0)

    @property
    def determined(self) -> dict[str, object]:
        """Everything but the files that determines the observations."""
        return {"promoted": PROMOTED}

    def track(self) -> ListedTrack:
        """Return the track of all heads."""
        names = [
            f"layer {layer + 1}, head {head + 1}"
            for layer in range(len(self._layers))
            for head in range(self._heads)
        ]
        return ListedTrack("PROMOTION_EVIDENCE", tuple(names), self._size, PROMOTED, self.promoted)

    def promoted(self, position: int, progress: Callable[[int, int], None]) -> Neighbours:
        """Return the tokens promoted most by each token through one head, without itself, best
        first.

        The similarity is the cosine of the head's output and the promoted token's vector.
        """
        return self.promoted_by(position, np.arange(len(self._vocabulary)), progress)

    def promoted_by(
        self, position: int, tokens: NDArray[np.int64], progress: Callable[[int, int], None]
    ) -> Neighbours:
        """Return the same for some of the tokens, (t,) int64, one row each."""
        torch, n = self._torch, len(self._vocabulary)
        shape = len(tokens), min(PROMOTED, n - 1)
        indices, cosines = np.full(shape, -1, dtype=np.int32), np.zeros(shape)
        block = max(1, SCORE_BYTES // (4 * n))
        with torch.inference_mode():
            circuit = self.circuit(position)
            reading = circuit.written @ self._said.T
            lengths = self._said.norm(dim=1)
            for first in range(0, len(tokens), block):
                part = slice(first, min(first + block, len(tokens)))
                own = torch.from_numpy(tokens[part]).to(reading.device)
                scores = circuit.values[own] @ reading
                self._check(scores, position)
                scores[torch.arange(len(own), device=own.device), own] = -torch.inf
                best = scores.topk(shape[1], dim=1)
                written = (circuit.values[own] @ circuit.written).norm(dim=1, keepdim=True)
                cosine = best.values / (written * lengths[best.indices])
                promoted = (best.values > 0).cpu().numpy()
                indices[part] = np.where(promoted, best.indices.cpu().numpy(), -1)
                cosines[part] = np.where(promoted, cosine.cpu().numpy(), 0.0)
                progress(part.stop, len(tokens))
        return Neighbours(indices, cosines, 1.0)

    def circuit(self, position: int) -> Circuit:
        """Return one head's circuit, with the norms folded in and the mean of the values
        subtracted.
        """
        layer, head = divmod(position, self._heads)
        block, layout, size = self._layers[layer], self._layout, self._size
        weight, bias = _projection(block.get_submodule(layout.values))
        # Values are last where queries, keys and values are side by side.
        first = weight.shape[1] - self._heads // self._group * size + head // self._group * size
        own = slice(first, first + size)
        # A norm adds one positive factor per token, which changes no token's order.
        seen = block.get_submodule(layout.norm)(self._embedded)
        values = seen @ weight[:, own] + (0.0 if bias is None else bias[own])
        output, _ = _projection(block.get_submodule(layout.output))
        written = output[head * size : (head + 1) * size]
        last = self._model.get_submodule(layout.last_norm)
        if isinstance(last, self._torch.nn.LayerNorm):
            written = written - written.mean(dim=1, keepdim=True)
        return Circuit(values - values.mean(dim=0), written * last.weight)

    def _check(self, scores: Any, position: int) -> None:
        if not bool(self._torch.isfinite(scores).all()):
            raise BadInput(
                f"{self._path}: the promotions of {self.track().positions[position]} are not "
                "finite; the file is damaged."
            )


def _projection(module: Any) -> tuple[Any, Any]:
    """Return weight (in, out) and bias of a linear module, or of GPT-2's transposed one."""
    weight = module.weight if type(module).__name__ == "Conv1D" else module.weight.T
    return weight, module.bias
