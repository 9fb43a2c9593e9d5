"""GGUF shards: the files of one model, and the one with a tensor."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path

from hartonomous.errors import BadInput
from hartonomous.extract.files.gguf_files import GgufHeader, is_gguf, read_header
from hartonomous.extract.files.untrusted_files import shown

SHARD = re.compile(r"(.+)-(\d{5})-of-(\d{5})\.gguf")
"""Names of a model's shards by llama.cpp, the first with the tokenizer."""

PROJECTOR = "mmproj"
"""Prefix of a picture encoder's name, which is stored beside its model."""

MOST_SHARDS = 1_000


def shards_of(path: Path) -> list[Path]:
    """Return the files of a file's model, in order.

    Raises BadInput if one is missing.
    """
    found = SHARD.fullmatch(path.name)
    if found is None or not 1 < int(found[3]) <= MOST_SHARDS:
        return [path]
    count = int(found[3])
    shards = [
        path.with_name(f"{found[1]}-{n:05d}-of-{count:05d}.gguf") for n in range(1, count + 1)
    ]
    missing = [shard.name for shard in shards if not shard.is_file()]
    if missing:
        raise BadInput(
            f"{path} is one of {count} parts of a model, and {len(missing)} of them are not beside it, "
            f"such as {shown(missing[0])}. Download them into the same folder."
        )
    return shards


def models_in(folder: Path) -> list[Path]:
    """Return the GGUF models in a folder, each by its first file, in the order of names."""
    found = []
    for file in sorted(folder.glob("*.gguf")):
        shard = SHARD.fullmatch(file.name)
        if file.name.startswith(PROJECTOR) or (shard is not None and int(shard[2]) != 1):
            continue
        if is_gguf(file):
            found.append(file)
    return found


def header_with(
    shards: list[Path], name: str, wanted: Collection[str]
) -> tuple[Path, GgufHeader, GgufHeader]:
    """Return the file with a tensor (the first if there is none), its header, and the first one's
    header with the requested values.
    """
    first = read_header(shards[0], wanted)
    for shard in shards:
        header = first if shard == shards[0] else read_header(shard, ())
        if name in header.tensors:
            return shard, header, first
    return shards[0], first, first
