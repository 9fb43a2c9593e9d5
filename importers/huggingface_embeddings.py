"""Hugging Face model folders: the input embedding of safetensors, single or sharded."""

from __future__ import annotations

from pathlib import Path

from hartonomous.errors import BadInput
from hartonomous.extract.importing import (
    OpenedModel,
    OpenOptions,
    embedding_model,
    opened_file,
)
from hartonomous.extract.tensors import (
    Tensor,
    inside,
    read_json,
    read_rows,
    read_tensor,
    safetensors_header,
    zero_rows,
)
from hartonomous.extract.tokenizers import find_tokenizer, read_tokenizer
from hartonomous.extract.vocabulary import build_vocabulary

INDEX = "model.safetensors.index.json"
SINGLE = "model.safetensors"

INPUT_EMBEDDINGS = (
    "word_embeddings.weight",
    "embed_tokens.weight",
    "wte.weight",
    "tok_embeddings.weight",
    "word_embedding.weight",
    "shared.weight",
    "embed_in.weight",
    "embeddings.weight",
    "embedding.weight",
    "embeddings",
)
"""Ends of the names under which families keep their input embedding, the surest first."""


class HuggingFaceEmbeddings:
    """Opens a folder with safetensors and a tokenizer, or a single safetensors file."""

    name = "huggingface"
    summary = "folder with model.safetensors (or shards) and tokenizer.json or vocab.txt"

    def recognises(self, path: Path) -> bool:
        if path.is_dir():
            return (path / SINGLE).is_file() or (path / INDEX).is_file()
        return path.suffix == ".safetensors"

    def open(self, path: Path, options: OpenOptions) -> OpenedModel:
        tensors, read = _tensors(path)
        folder = path if path.is_dir() else path.parent
        table = read_tokenizer(options.vocabulary) if options.vocabulary else find_tokenizer(folder)
        entries = table.entries[: options.limit]
        tensor = _input_embedding(path, tensors, options.tensor)
        matrix = read_tensor(tensor)
        if len(matrix) < len(entries):
            raise BadInput(
                f"{tensor.file.name} has {len(matrix)} rows of {tensor.name} but {table.file.name} "
                f"has {len(entries)} tokens; they belong to different models."
            )
        # Matrices are padded to a multiple of 64 or so; those rows stand for no token.
        padding = 0 if options.limit else len(matrix) - len(entries)
        matrix = matrix[: len(entries)]
        vocabulary = build_vocabulary(
            entries, table.convention, {**zero_rows(matrix), **table.set_aside}, table.literal
        )
        if padding:
            vocabulary.excluded["padding"] = padding
        texts = vocabulary.compositions["text"].to_pylist()
        vectors = read_rows(matrix, vocabulary.rows, texts, f"{tensor.file.name}: {tensor.name}")
        files = (*(opened_file(file) for file in (tensor.file, *read)), opened_file(table.file))
        chosen = {"tensor": tensor.name, "limit": options.limit}
        return embedding_model(self.name, files, vocabulary, vectors, tensor.size, chosen)


def _tensors(path: Path) -> tuple[dict[str, Tensor], tuple[Path, ...]]:
    """Return all tensors of a model by name, and the index file if there is one."""
    if path.is_file():
        return safetensors_header(path), ()
    if (path / SINGLE).is_file():
        return safetensors_header(inside(path, SINGLE)), ()
    index = inside(path, INDEX)
    weights = read_json(index)
    shards = weights.get("weight_map") if isinstance(weights, dict) else None
    if not isinstance(shards, dict) or not all(isinstance(shard, str) for shard in shards.values()):
        raise BadInput(f"{index} has no weight_map from tensors to files.")
    found: dict[str, Tensor] = {}
    for shard in sorted(set(shards.values())):
        if Path(shard).name != shard:
            raise BadInput(f"{index} names {shard!r}, which is not a file beside it.")
        found.update(safetensors_header(inside(path, shard)))
    return found, (index,)


def _input_embedding(path: Path, tensors: dict[str, Tensor], asked: str | None) -> Tensor:
    """Return the tensor asked for, else the input embedding by its name in the family."""
    matrices = {name: tensor for name, tensor in tensors.items() if len(tensor.shape) == 2}
    choices = ", ".join(f"{n} {t.shape[0]}x{t.shape[1]}" for n, t in sorted(matrices.items())[:8])
    if asked is not None:
        if asked not in matrices:
            raise BadInput(f"{path} has no matrix called {asked!r}; among others: {choices}.")
        return matrices[asked]
    for ending in INPUT_EMBEDDINGS:
        named = [name for name in matrices if name == ending or name.endswith(f".{ending}")]
        if named:
            return matrices[min(named, key=lambda name: (name.count("."), name))]
    if len(matrices) == 1:
        return next(iter(matrices.values()))
    raise BadInput(
        f"{path} has no tensor that is known as an input embedding; name one with --tensor. "
        f"Among others: {choices or 'no matrix at all'}."
    )


IMPORTER = HuggingFaceEmbeddings()
