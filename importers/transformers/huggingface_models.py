"""Hugging Face model folders: the input embedding from safetensors, single or sharded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from hartonomous.errors import BadInput
from hartonomous.extract.embedding_matrix import embedding_model
from hartonomous.extract.files.module_folders import has_weights, weights_folder
from hartonomous.extract.files.safetensors_files import Tensor, read_tensor, safetensors_header
from hartonomous.extract.files.tokenizer_files import TokenTable, find_tokenizer, read_tokenizer
from hartonomous.extract.files.untrusted_files import inside, read_json, shown
from hartonomous.extract.importer_options import LIMIT, TENSOR, VOCABULARY
from hartonomous.extract.importer_protocol import Claim, OpenedModel, OpenOptions
from importers.transformers.transformer_options import RUN_OPTIONS
from importers.transformers.transformer_tracks import with_transformer_tracks
from importers.vectors.static_tensors import EMBEDDINGS, read_static

INDEX = "model.safetensors.index.json"
SINGLE = "model.safetensors"

INPUT_EMBEDDINGS = (
    "word_embeddings.weight",
    "shared.weight",
    "embed_tokens.weight",
    "wte.weight",
    "tok_embeddings.weight",
    "token_embeddings.weight",
    "token_embedding.weight",
    "tokens_embed.weight",
    "word_embedding.weight",
    "embed_in.weight",
    "embeddings.weight",
    "embedding.weight",
    "embeddings",
)
"""Suffixes of the names of input embeddings, by family, the most certain first."""


class HuggingFaceEmbeddings:
    """Opens a folder with safetensors and a tokenizer, or a single safetensors file."""

    name = "huggingface"
    summary = "folder with model.safetensors (or shards) and tokenizer.json or vocab.txt"

    options = (VOCABULARY, TENSOR, LIMIT, *RUN_OPTIONS)

    def recognises(self, path: Path) -> Claim:
        if path.is_dir():
            if has_weights(path):
                return Claim.SURE
            # In a part of it, beside which may be another model.
            return Claim.LIKELY if has_weights(weights_folder(path)) else Claim.NONE
        ends = path.is_file() and path.suffix.lower() == ".safetensors"
        return Claim.SURE if ends else Claim.NONE

    def open(self, path: Path, options: OpenOptions) -> OpenedModel:
        place = weights_folder(path)
        tensors, index = _tensors(place)
        if options.tensor in (None, EMBEDDINGS) and EMBEDDINGS in tensors:
            tensor, matrix = tensors[EMBEDDINGS], read_static(tensors)
        else:
            tensor = _input_embedding(place, tensors, options.tensor)
            matrix = read_tensor(tensor)
        opened = embedding_model(
            self.name,
            f"{tensor.file.name}: {shown(tensor.name)}",
            matrix,
            _tokens(path, options, len(matrix)),
            (tensor.file, *index),
            {"tensor": tensor.name},
            options.limit,
        )
        return with_transformer_tracks(opened, place, options, path)


def _tokens(path: Path, options: OpenOptions, rows: int) -> TokenTable:
    """Return the tokens given by hand, else those beside the weights, with the configuration's
    sizes of vocabulary.
    """
    if options.vocabulary is not None:
        return read_tokenizer(options.vocabulary, rows)
    folder = path if path.is_dir() else path.parent
    table = find_tokenizer(folder, rows)
    config = weights_folder(folder) / "config.json"
    if options.tensor is not None or not config.is_file():
        return table
    return replace(table, declared=frozenset(_sizes(read_json(inside(config.parent, config.name)))))


def _sizes(value: object, depth: int = 4) -> Iterator[int]:
    """Yield the sizes of vocabulary in a configuration, also for the parts of a model."""
    if not isinstance(value, dict) or not depth:
        return
    for name, member in value.items():
        if name.endswith("vocab_size") and isinstance(member, int) and member > 0:
            yield member
        yield from _sizes(member, depth - 1)


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
            raise BadInput(f"{index} names {shown(shard)}, which is not a file beside it.")
        found.update(
            (name, tensor)
            for name, tensor in safetensors_header(inside(path, shard)).items()
            if shards.get(name) == shard
        )
    if missing := sorted(shards.keys() - found.keys()):
        raise BadInput(
            f"{index} is wrong: {shown(missing[0])} is not in {shown(shards[missing[0]])}. "
            "Download the model again."
        )
    return found, (index,)


def _input_embedding(path: Path, tensors: dict[str, Tensor], asked: str | None) -> Tensor:
    """Return the requested tensor, else the input embedding by its name in the family."""
    matrices = {name: tensor for name, tensor in tensors.items() if len(tensor.shape) == 2}
    choices = ", ".join(
        f"{shown(name)} {tensor.shape[0]}x{tensor.shape[1]}"
        for name, tensor in sorted(matrices.items())[:8]
    )
    if asked is not None:
        if asked not in matrices:
            raise BadInput(f"{path} has no matrix called {shown(asked)}; among others: {choices}.")
        return matrices[asked]
    for ending in INPUT_EMBEDDINGS:
        named = [name for name in matrices if name == ending or name.endswith(f".{ending}")]
        if named:
            # Translation models may have one matrix per side; the input embedding is the encoder's.
            outermost = min(named, key=lambda name: ("decoder" in name, name.count("."), name))
            return matrices[outermost]
    if len(matrices) == 1:
        return next(iter(matrices.values()))
    raise BadInput(
        f"{path} has no known input embedding; name a tensor with --tensor. Among others: "
        f"{choices or 'no matrix at all'}."
    )


IMPORTER = HuggingFaceEmbeddings()
