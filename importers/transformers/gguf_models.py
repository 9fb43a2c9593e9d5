"""GGUF models: the input embedding, dequantised."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from hartonomous.errors import BadInput
from hartonomous.extract.embedding_matrix import embedding_model
from hartonomous.extract.files.gguf_files import GgufHeader, is_gguf, read_matrix
from hartonomous.extract.files.gguf_shards import header_with, models_in, shards_of
from hartonomous.extract.files.module_folders import has_weights
from hartonomous.extract.files.piece_marks import convention_by_marks, with_words
from hartonomous.extract.files.tokenizer_files import TokenTable
from hartonomous.extract.files.untrusted_files import shown
from hartonomous.extract.importer_options import LIMIT, TENSOR
from hartonomous.extract.importer_protocol import Claim, OpenedModel, OpenOptions
from hartonomous.extract.vocabulary import Convention, byte_level, sentencepiece
from importers.transformers.transformer_options import RUN_OPTIONS
from importers.transformers.transformer_tracks import with_transformer_tracks

INPUT_EMBEDDING = "token_embd.weight"
TOKENS, TYPES = "tokenizer.ggml.tokens", "tokenizer.ggml.token_type"
MODEL = "tokenizer.ggml.model"
KIND = "general.type"
USUAL_MARKS: dict[str, Convention] = {
    "gpt2": byte_level,
    # SentencePiece BPE, Unigram, and WordPiece as the converter rewrites it, all mark words with
    # U+2581.
    **dict.fromkeys(("llama", "t5", "bert"), sentencepiece),
}
UNKNOWN_MARKS = ("rwkv",)
"""Tokenizers with an unsupported notation of tokens."""

SET_ASIDE = {2: "special", 3: "control", 5: "unused", 6: "byte fragment"}
"""Token types that are not compositions; 1 is normal, 4 defined by the user."""

USER_DEFINED = 4


class GgufEmbeddings:
    """Opens a GGUF file, all parts of one, or a folder with one; its tokenizer is in its header."""

    name = "gguf"
    summary = "GGUF file (llama.cpp) or the parts of one, quantised or not"

    options = (TENSOR, LIMIT, *RUN_OPTIONS)

    def recognises(self, path: Path) -> Claim:
        if path.is_dir():
            only = not has_weights(path) and len(models_in(path)) == 1
            return Claim.SURE if only else Claim.NONE
        return Claim.SURE if is_gguf(path) else Claim.NONE

    def open(self, path: Path, options: OpenOptions) -> OpenedModel:
        shards = shards_of(models_in(path)[0] if path.is_dir() else path)
        if len(shards) > 1 and (options.tracks - {"embedding"} or options.words is not None):
            raise BadInput(
                f"{path} is a model in {len(shards)} files, which is not run; join them "
                "(llama-gguf-split --merge FIRST OUT), or extract its embedding alone (--tracks "
                "embedding)."
            )
        name = options.tensor or INPUT_EMBEDDING
        file, header, first = header_with(shards, name, (TOKENS, TYPES, MODEL, KIND))
        _refuse_others(file, first, header, name)
        opened = embedding_model(
            self.name,
            f"{file.name}: {shown(name)}",
            read_matrix(file, header, name),
            _tokenizer(shards[0], first),
            (file,),
            {"tensor": name},
            options.limit,
        )
        return with_transformer_tracks(opened, file, options)


def _refuse_others(path: Path, first: GgufHeader, header: GgufHeader, name: str) -> None:
    """Raise BadInput unless a file is a model with the matrix."""
    kind = first.values.get(KIND)
    if isinstance(kind, str) and kind not in ("model", ""):
        raise BadInput(
            f"{path} is not a model but a GGUF file of the kind {shown(kind)}, for use with one; "
            "give the model's own file."
        )
    matrices = [n for n, tensor in header.tensors.items() if len(tensor.shape) == 2]
    if name not in matrices:
        raise BadInput(
            f"{path} has no matrix called {shown(name)}; name one with --tensor. "
            f"Among others: {', '.join(map(shown, matrices[:8])) or 'no matrix at all'}."
        )


def _tokenizer(path: Path, header: GgufHeader) -> TokenTable:
    tokens, model = header.values.get(TOKENS), header.values.get(MODEL)
    if not isinstance(tokens, list) or not all(isinstance(token, str) for token in tokens):
        raise BadInput(f"{path} has no tokenizer ({TOKENS}), so its rows have no words.")
    types = header.values.get(TYPES)
    types = types if isinstance(types, list) else []
    if types and len(types) != len(tokens):
        raise BadInput(f"{path} has {len(tokens)} tokens and types of {len(types)}; it is damaged.")
    aside = {row: SET_ASIDE[kind] for row, kind in enumerate(types) if kind in SET_ASIDE}
    literal = frozenset(row for row, kind in enumerate(types) if kind == USER_DEFINED)
    convention = _convention(path, model, tokens, aside.keys() | literal)
    return TokenTable((path,), list(tokens), convention, aside, literal, placed=True)


def _convention(
    path: Path, model: object, tokens: list[str], others: Collection[int]
) -> Convention:
    """Return the convention of piece marks, by the tokens' marks, whatever the tokenizer's name."""
    pieces = [None if row in others else token for row, token in enumerate(tokens)]
    found = convention_by_marks(pieces)
    if found is None and model in USUAL_MARKS:
        found = USUAL_MARKS[str(model)]
    if found is None or not isinstance(model, str) or model in UNKNOWN_MARKS:
        raise BadInput(
            f"{path} has a tokenizer of the kind {shown(str(model))}, and its tokens do not show "
            "how it marks words. Give the model's safetensors folder instead."
        )
    return with_words(found, pieces)


IMPORTER = GgufEmbeddings()
