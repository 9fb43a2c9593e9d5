"""GGUF files: the input embedding, dequantised."""

from __future__ import annotations

from pathlib import Path

from hartonomous.errors import BadInput
from hartonomous.extract.embeddings import embedding_model
from hartonomous.extract.gguf_files import GgufHeader, is_gguf, read_header, read_matrix
from hartonomous.extract.importing import OpenedModel, OpenOptions, refuse_options
from hartonomous.extract.tokenizers import TokenTable
from hartonomous.extract.untrusted import shown
from hartonomous.extract.vocabulary import byte_level, sentencepiece
from importers.transformer_tracks import with_transformer_tracks

INPUT_EMBEDDING = "token_embd.weight"
TOKENS, TYPES = "tokenizer.ggml.tokens", "tokenizer.ggml.token_type"
MODEL = "tokenizer.ggml.model"
CONVENTIONS = {
    "gpt2": byte_level,
    # SentencePiece BPE, Unigram, and WordPiece as the converter rewrites it, all mark words with U+2581.
    "llama": sentencepiece,
    "t5": sentencepiece,
    "bert": sentencepiece,
}
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
        refuse_options(self.name, options, vocabulary=True, tensor=False)
        header = read_header(path, (TOKENS, TYPES, MODEL))
        table = _tokenizer(path, header)
        name = _matrix_name(path, header, options.tensor)
        opened = embedding_model(
            self.name,
            f"{path.name}: {shown(name)}",
            read_matrix(path, header, name),
            table,
            (path,),
            {"tensor": name},
            options.limit,
        )
        return with_transformer_tracks(opened, path, options)


def _matrix_name(path: Path, header: GgufHeader, asked: str | None) -> str:
    """Return the name asked for, else the input embedding's."""
    name = asked or INPUT_EMBEDDING
    matrices = [n for n, tensor in header.tensors.items() if len(tensor.shape) == 2]
    if name not in matrices:
        raise BadInput(
            f"{path} has no matrix called {shown(name)}; name one with --tensor. "
            f"Among others: {', '.join(map(shown, matrices[:8])) or 'no matrix at all'}."
        )
    return name


def _tokenizer(path: Path, header: GgufHeader) -> TokenTable:
    tokens, model = header.values.get(TOKENS), header.values.get(MODEL)
    if not isinstance(tokens, list) or not all(isinstance(token, str) for token in tokens):
        raise BadInput(f"{path} carries no tokenizer ({TOKENS}); its rows have no words.")
    if not isinstance(model, str) or model not in CONVENTIONS:
        raise BadInput(
            f"{path} has a tokenizer of the kind {shown(str(model))}; how it marks words is known "
            f"of {', '.join(CONVENTIONS)} only. Give the model's safetensors folder instead."
        )
    types = header.values.get(TYPES)
    types = types if isinstance(types, list) else []
    return TokenTable(
        (path,),
        list(tokens),
        CONVENTIONS[model],
        {row: SET_ASIDE[kind] for row, kind in enumerate(types) if kind in SET_ASIDE},
        frozenset(row for row, kind in enumerate(types) if kind == USER_DEFINED),
    )


IMPORTER = GgufEmbeddings()
