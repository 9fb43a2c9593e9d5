"""Text towers: models that turn a whole text into one vector, pooled as each model itself pools.

A sentence encoder has its own modules: pooling, projection, length. Of an encoder, the mean of its
tokens is taken, its frame included, which is how sentence encoders are made of encoders. Of a decoder,
the last token: it alone has read the whole text, which begins with a space, as words in a text do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib import import_module
from inspect import signature
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from hartonomous.bundle import OpenedFile
from hartonomous.errors import BadInput
from hartonomous.extract.files.module_folders import MODULES
from hartonomous.opened_files import opened_file
from importers.transformers.prefix_cache import PrefixMemory
from importers.transformers.sentence_encoders import encoder_files, load_modules
from importers.transformers.transformer_weights import Transformer, load_transformer, refused

Floats = NDArray[np.float32]

MEAN, LAST, OWN = "mean", "last", "own modules"
"""Poolings: of all tokens, of the last one, and as a sentence encoder's modules say."""

WORD_MARKS = ("\u2581", "\u0120")
"""Marks of tokenizers for the start of a word."""

WINDOW = 512
"""Tokens of a text at most where a model states no limit."""


class TextTower(Protocol):
    """A loaded model that turns a text into one vector.

    `layers` is the number of layers before the output, `dimensions` that of the output, `window` the
    most tokens of a text, and `wordless` are the ids of tokens without a word in them. `described`
    determines the result, together with the model's files.
    """

    path: Path
    layers: int
    dimensions: int
    parameters: int
    window: int
    wordless: frozenset[int]
    described: dict[str, object]

    def token_ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the ids of each text as the model reads it, whatever their number."""
        ...

    def own_tokens(self, ids: list[int]) -> list[int]:
        """Return those ids that are the text's own."""
        ...

    def pooled(self, ids: NDArray[np.int64], inner: bool) -> list[Floats]:
        """Return the vectors of texts of equally many tokens, (texts, tokens), at the output, (texts,
        dimensions); with `inner`, those at each layer before it, from 0.
        """
        ...


def open_tower(path: Path, device: str) -> TextTower:
    """Return the text tower of a model's folder or file.

    Raises BadInput for a model that reads no text alone, and as `load_transformer` and sentence
    encoders do.
    """
    if _is_encoder(path):
        return ModuleTower(path, device)
    return PlainTower(load_transformer(path, device))


def tower_files(path: Path, known: set[str]) -> tuple[OpenedFile, ...]:
    """Return the files of a sentence encoder, besides those whose names are known; none of another
    model.
    """
    if not _is_encoder(path):
        return ()
    named = {file.relative_to(path).as_posix(): file for file in encoder_files(path)}
    return tuple(
        replace(opened_file(file), name=name) for name, file in named.items() if name not in known
    )


def _is_encoder(path: Path) -> bool:
    return path.is_dir() and (path / MODULES).is_file()


class PlainTower:
    """An encoder, or a decoder without its head."""

    def __init__(self, transformer: Transformer) -> None:
        self._torch: Any = import_module("torch")
        self.path, self._transformer = transformer.path, transformer
        body = transformer.body
        if getattr(transformer.config, "is_encoder_decoder", False):
            body = body.get_encoder()
        if "input_ids" not in signature(body.forward).parameters or hasattr(
            body, "get_text_features"
        ):
            raise BadInput(
                f"{self.path} has no text encoder that can be run alone ({type(body).__name__}); leave "
                "--words out."
            )
        self._body = body
        config = transformer.config.get_text_config()
        self._prefix = PrefixMemory(transformer) if transformer.reads_on else None
        self.layers = int(config.num_hidden_layers)
        self.dimensions = int(config.hidden_size)
        self.parameters = transformer.parameters
        around = len(transformer.prefix) + len(transformer.suffix)
        most = getattr(config, "max_position_embeddings", None) or WINDOW
        self.window = max(1, min(most, WINDOW) - around)
        tokenizer = transformer.tokenizer
        self.wordless = _wordless(tokenizer)
        # What ends a text with a mark of its own reads it in both directions.
        self.pooling = MEAN if transformer.suffix else LAST
        self._opening = _opening(tokenizer) if self.pooling == LAST else ""
        frame = [list(transformer.prefix), list(transformer.suffix)]
        self.described: dict[str, object] = {"pooling": self.pooling, "frame": frame}
        self.described["opening"] = self._opening

    def token_ids(self, texts: Sequence[str]) -> list[list[int]]:
        with self._transformer.running():
            found = self._transformer.tokenizer(
                [f"{self._opening}{text}" for text in texts],
                add_special_tokens=False,
                padding=False,
                truncation=False,
                verbose=False,
            )
        return list(found["input_ids"])

    def own_tokens(self, ids: list[int]) -> list[int]:
        return ids

    def pooled(self, ids: NDArray[np.int64], inner: bool) -> list[Floats]:
        texts = len(ids)
        if self._prefix is None:
            ids = self._framed(ids)
        tokens = self._torch.from_numpy(np.ascontiguousarray(ids)).to(self._transformer.device)
        frame = self._prefix.for_sequences(texts) if self._prefix else {}
        if not frame:
            frame = {"attention_mask": self._torch.ones_like(tokens)}
        with self._torch.inference_mode(), self._transformer.running():
            output = self._body(input_ids=tokens, output_hidden_states=inner, **frame)
            states = list(output.hidden_states[:-1]) if inner else []
            states.append(output.last_hidden_state)
            return [_vectors(self._pool(state)) for state in states]

    def _framed(self, ids: NDArray[np.int64]) -> NDArray[np.int64]:
        before, after = self._transformer.prefix, self._transformer.suffix
        parts = [np.tile(np.array(side, dtype=np.int64), (len(ids), 1)) for side in (before, after)]
        return np.concatenate([parts[0], ids, parts[1]], axis=1)

    def _pool(self, state: Any) -> Any:
        return state[:, -1] if self.pooling == LAST else state.mean(dim=1)


class ModuleTower:
    """A sentence encoder: its own modules, one after the other, with its usual prompt."""

    def __init__(self, path: Path, device: str) -> None:
        self._torch: Any = import_module("torch")
        self._model = load_modules(path, device)
        self.path = path
        self._first = self._model[0]
        self._rest = list(self._model)[1:]
        self.layers = int(self.transformer.config.get_text_config().num_hidden_layers)
        self._cut = getattr(self._model, "truncate_dim", None)
        self.dimensions = int(self._cut or self._model.get_embedding_dimension())
        self.parameters = sum(tensor.numel() for tensor in self._model.parameters())
        tokenizer = self._model.tokenizer
        self.wordless = _wordless(tokenizer)
        self.window = max(1, int(self._model.max_seq_length or WINDOW))
        prompts = getattr(self._model, "prompts", None) or {}
        self._prompt = str(prompts.get(getattr(self._model, "default_prompt_name", None)) or "")
        self._lower = bool(getattr(self._first, "do_lower_case", False))
        self._prompt_tokens = self._shared_tokens()
        self.described: dict[str, object] = {"pooling": OWN, "prompt": self._prompt}

    @property
    def transformer(self) -> Any:
        """The model itself, without tokenizer and pooling."""
        return self._first.auto_model

    def token_ids(self, texts: Sequence[str]) -> list[list[int]]:
        read = [f"{self._prompt}{text}" for text in texts]
        if self._lower:
            read = [text.lower() for text in read]
        with refused(self.path, "cannot be run as a sentence encoder"):
            found = self._model.tokenizer(read, padding=False, truncation=False, verbose=False)
        return list(found["input_ids"])

    def own_tokens(self, ids: list[int]) -> list[int]:
        return ids[self._prompt_tokens :]

    def pooled(self, ids: NDArray[np.int64], inner: bool) -> list[Floats]:
        tokens = self._torch.from_numpy(np.ascontiguousarray(ids)).to(self._model.device)
        read = {"input_ids": tokens, "attention_mask": self._torch.ones_like(tokens)}
        if self._prompt_tokens:
            read["prompt_length"] = self._prompt_tokens
        config = self.transformer.config
        before = config.output_hidden_states
        # The library returns the states of the layers where the configuration says so.
        config.output_hidden_states = inner
        try:
            with self._torch.inference_mode(), refused(self.path, "cannot be run"):
                features = self._first(dict(read))
                states = list(features["all_layer_embeddings"][:-1]) if inner else []
                found = [
                    self._through({**read, "token_embeddings": state}, _is_pooling)
                    for state in states
                ]
                output = self._through(features, lambda module: True)
                return [_vectors(one) for one in (*found, output[:, : self._cut])]
        finally:
            config.output_hidden_states = before

    def _through(self, features: dict[str, Any], chosen: Callable[[Any], bool]) -> Any:
        for module in self._rest:
            if chosen(module):
                features = module(features)
        return features["sentence_embedding"]

    def _shared_tokens(self) -> int:
        """Return the number of ids that the prompt adds at the start of every text."""
        if not self._prompt:
            return 0
        alone = self._model.tokenizer(self._prompt)["input_ids"]
        return len(alone) - int(alone[-1] in self.wordless)


def _wordless(tokenizer: Any) -> frozenset[int]:
    """Return the ids of marks, and of the token for what a tokenizer does not know."""
    model = getattr(getattr(tokenizer, "backend_tokenizer", None), "model", None)
    # Not every tokenizer's configuration says what the tokenizer itself does.
    named = getattr(model, "unk_token", None)
    unknown = {tokenizer.unk_token_id, named and tokenizer.convert_tokens_to_ids(named)}
    frame = tokenizer("")["input_ids"]
    return frozenset({*tokenizer.all_special_ids, *frame, *unknown} - {None})


def _opening(tokenizer: Any) -> str:
    """Return a space if a tokenizer marks words by it and does not put one before a text itself."""
    bare, spaced = (
        tokenizer.convert_ids_to_tokens(tokenizer(text, add_special_tokens=False)["input_ids"])
        for text in ("a", " a")
    )
    marked = [bool(found) and found[0].startswith(WORD_MARKS) for found in (bare, spaced)]
    return " " if marked == [False, True] else ""


def _is_pooling(module: Any) -> bool:
    """Return whether a module applies to a layer as to the output: what projects the output does not."""
    return type(module).__name__ != "Dense"


def _vectors(found: Any) -> Floats:
    return np.ascontiguousarray(found.float().cpu().numpy())
