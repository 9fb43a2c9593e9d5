"""GGUF files: the input embedding, dequantised."""

from __future__ import annotations

from pathlib import Path

from hartonomous.errors import BadInput
from hartonomous.extract.gguf_files import GgufHeader, is_gguf, read_header, read_matrix
from hartonomous.extract.importing import (
    OpenedModel,
    OpenOptions,
    embedding_model,
    opened_file,
)
from hartonomous.extract.tensors import read_rows, zero_rows
from hartonomous.extract.vocabulary import (
    Convention,
    build_vocabulary,
    byte_level,
    sentencepiece,
)

INPUT_EMBEDDING = "token_embd.weight"
TOKENS, TYPES = "tokenizer.ggml.tokens", "tokenizer.ggml.token_type"
MODEL = "tokenizer.ggml.model"
SET_ASIDE = {2: "special", 3: "control", 5: "unused", 6: "byte fragment"}
"""Token types that are no compositions; 1 is normal, 4 defined by the user."""

USER_DEFINED = 4


class GgufEmbeddings:
    """Opens one GGUF file; its tokenizer is in its header."""

    name = "gguf"
    summary = "GGUF file (llama.cpp), quantised or not"

    def recognises(self, path: Path) -> bool:
        return is_gguf(path)

    def open(self, path: Path, options: OpenOptions) -> OpenedModel:
        header = read_header(path, (TOKENS, TYPES, MODEL))
        tokens, convention, types = _tokenizer(path, header)
        name = options.tensor or INPUT_EMBEDDING
        if name not in header.tensors or len(header.tensors[name].shape) != 2:
            matrices = [n for n, tensor in header.tensors.items() if len(tensor.shape) == 2]
            raise BadInput(
                f"{path} has no matrix called {name!r}; name one with --tensor. "
                f"Among others: {', '.join(matrices[:8]) or 'no matrix at all'}."
            )
        tensor = header.tensors[name]
        if tensor.shape[0] < len(tokens):
            raise BadInput(f"{path}: {name} has {tensor.shape[0]} rows for {len(tokens)} tokens.")
        tokens = tokens[: options.limit]
        matrix = read_matrix(path, name, tensor)
        padding = 0 if options.limit else len(matrix) - len(tokens)
        matrix = matrix[: len(tokens)]
        aside = {row: SET_ASIDE[kind] for row, kind in enumerate(types) if kind in SET_ASIDE}
        literal = {row for row, kind in enumerate(types) if kind == USER_DEFINED}
        vocabulary = build_vocabulary(tokens, convention, {**zero_rows(matrix), **aside}, literal)
        if padding:
            vocabulary.excluded["padding"] = padding
        texts = vocabulary.compositions["text"].to_pylist()
        vectors = read_rows(matrix, vocabulary.rows, texts, f"{path.name}: {name}")
        chosen = {"tensor": name, "limit": options.limit}
        size = tensor.shape[0] * tensor.shape[1]
        return embedding_model(self.name, (opened_file(path),), vocabulary, vectors, size, chosen)


def _tokenizer(path: Path, header: GgufHeader) -> tuple[list[str], Convention, list[int]]:
    """Return the tokens, how they mark pieces, and the type of each."""
    tokens = header.values.get(TOKENS)
    if not isinstance(tokens, list) or not all(isinstance(token, str) for token in tokens):
        raise BadInput(f"{path} carries no tokenizer ({TOKENS}); its rows have no words.")
    types = header.values.get(TYPES, [])
    # gpt2 is byte-level BPE; llama (SentencePiece BPE), t5 (Unigram) and bert mark words with U+2581.
    convention = byte_level if header.values.get(MODEL) == "gpt2" else sentencepiece
    return tokens, convention, types if isinstance(types, list) else []


IMPORTER = GgufEmbeddings()
