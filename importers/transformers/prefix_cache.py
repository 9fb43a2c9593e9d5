"""Prefix cache: a causal model's keys and values of its prefix, computed once instead of for every
token.
"""

from __future__ import annotations

import copy
from importlib import import_module
from inspect import signature
from typing import Any

import numpy as np

from importers.transformers.transformer_weights import Transformer


class PrefixMemory:
    """Keys and values of the prefix in every layer, for any number of sequences."""

    def __init__(self, transformer: Transformer) -> None:
        self._transformer = transformer
        # transformers renames the argument in version 5.
        known = signature(transformer.model.forward).parameters
        self._name = "cache" if "cache" in known else "past_key_values"
        self._begin: Any = None

    def for_sequences(self, count: int) -> dict[str, Any]:
        """Return the arguments of a model that continues from the prefix, besides its tokens."""
        if self._begin is None:
            self._begin = self._run()
        memory = copy.deepcopy(self._begin)
        if self._transformer.prefix:
            memory.batch_repeat_interleave(count)
        return {"use_cache": True, self._name: memory}

    def _run(self) -> Any:
        torch: Any = import_module("torch")
        memory = import_module("transformers").DynamicCache(config=self._transformer.config)
        if self._transformer.prefix:
            ids = torch.from_numpy(np.array([self._transformer.prefix], dtype=np.int64))
            with torch.inference_mode(), self._transformer.running():
                self._transformer.body(
                    input_ids=ids.to(self._transformer.device),
                    **{"use_cache": True, self._name: memory},
                )
        return memory
