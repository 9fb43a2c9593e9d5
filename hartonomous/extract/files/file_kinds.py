"""File kinds: names of unsupported files and folders, with the remedy.

By first bytes and names alone; nothing is unpacked, and no file is read completely.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from hartonomous.bundle import COMPOSITIONS_FILE, MANIFEST
from hartonomous.errors import BadInput, HartonomousError
from hartonomous.extract.files.gguf_shards import models_in
from hartonomous.extract.files.module_folders import has_weights, weights_folder
from hartonomous.extract.files.untrusted_files import read_json, refuse_pointer, shown

COMPRESSED = {
    b"\x1f\x8b": ("gzip", "gunzip -k"),
    b"BZh": ("bzip2", "bunzip2 -k"),
    b"\xfd7zXZ\x00": ("xz", "unxz -k"),
    b"\x28\xb5\x2f\xfd": ("Zstandard", "unzstd"),
    b"\x04\x22\x4d\x18": ("LZ4", "unlz4"),
    b"7z\xbc\xaf": ("7-Zip", "7z x"),
    b"Rar!": ("RAR", "unrar x"),
}
FASTTEXT = (793_712_314).to_bytes(4, "little")
OLD_GGML = (b"lmgg", b"fmgg", b"tjgg", b"algg")
SWAPPED_GGUF = b"FUGG"
ZIP, TAR, TAR_AT = b"PK\x03\x04", b"ustar", 257
UTF_16 = (b"\xff\xfe", b"\xfe\xff")
PAGE = re.compile(rb"\s*(<!doctype html|<html)", re.IGNORECASE)
CELLS = re.compile(rb"[^,;\n]+([,;][ ]*[+-]?\d*\.?\d+([eE][+-]?\d+)?){8,}\r?\n")
HEAD = 1 << 16
MOST_FILES, NAMED = 1_000, 6

MODEL_ENDINGS = (".safetensors", ".gguf", ".npy", ".npz", ".bin", ".vec", ".w2v", ".glove")
PAGE_ENDINGS = (".txt", ".text", ".html", ".htm", ".xhtml", ".md", ".markdown")
TEXT_ENDINGS = (".txt", ".vec", ".w2v", ".glove")
VECTOR_ARCHIVE = re.compile(r".+\.(vec|txt|bin|npy|gguf|safetensors|w2v)\.(gz|bz2|xz|zst|zip|lz4)")

ADAPTER_CONFIG, ADAPTER = "adapter_config.json", "adapter_model"
CONVERT = (
    "transformers writes safetensors from it: AutoModel.from_pretrained(…).save_pretrained(FOLDER)"
)
NOT_READ = {
    ".onnx": (
        "an ONNX graph, whose weights have lost their names; give the original model "
        f"({CONVERT}), or, to a detector of things, pictures: --images DIR"
    ),
    ".tflite": "a TensorFlow Lite model; give the original model, as safetensors",
    ".mlmodel": "a Core ML model; give the original model, as safetensors",
    ".pb": f"a TensorFlow graph; {CONVERT}",
    ".msgpack": f"Flax weights; {CONVERT}",
    ".ot": f"weights of Rust's tch; {CONVERT}",
}
"""Unsupported forms of weights, by file ending."""


def read_if_asked(path: Path) -> bool:
    """Return whether a file is of a form that is refused, unless an importer's options ask for it."""
    return path.is_file() and path.suffix.lower() in NOT_READ


def refuse_known(path: Path) -> None:
    """Raise BadInput for a known, unsupported file, naming it and the remedy."""
    if path.is_dir():
        _refuse_folder(path)
    elif path.is_file():
        _refuse_file(path)


def models_within(path: Path, recognised: Callable[[Path], bool]) -> list[str]:
    """Return the models that an importer recognises in a folder and its subfolders, by name."""
    inner = sorted(path.iterdir())[:MOST_FILES] if path.is_dir() else []
    found = [place for place in inner if _is_recognised(place, recognised)]
    for place in inner:
        if place.is_dir() and place not in found and not place.name.startswith((".", "__")):
            files = sorted(place.iterdir())[:MOST_FILES]
            found += [file for file in files if _is_recognised(file, recognised)]
    return [place.relative_to(path).as_posix() for place in found]


def unknown(path: Path, inner: list[str], importers: str) -> BadInput:
    """Return the error for a path that no importer recognises; `inner` is a model inside it."""
    if inner:
        more = f" and {len(inner) - NAMED} more" if len(inner) > NAMED else ""
        return BadInput(
            f"{path} is not one model, but holds {', '.join(map(shown, inner[:NAMED]))}{more}; give the "
            "path of one of them."
        )
    if all((path / name).is_file() for name in (MANIFEST, COMPOSITIONS_FILE)):
        return BadInput(
            f"{path} is a bundle, whose evidence was extracted already; 'hartonomous load {path} --as "
            "NAME' loads it."
        )
    weights = sorted(file.name for file in path.glob("*.safetensors")) if path.is_dir() else []
    if weights:
        return BadInput(
            f"{path} holds {', '.join(map(shown, weights[:NAMED]))}, and no model.safetensors or its "
            "index; give the path of one of them, or download the model whole."
        )
    if any((path / name).is_file() for name in ("tokenizer.json", "vocab.txt", "config.json")):
        return BadInput(
            f"{path} has a tokenizer or a config.json and no weights; download model.safetensors, or "
            "its shards and model.safetensors.index.json, into it."
        )
    return BadInput(
        f"{path} is not a model that any importer reads ({importers}); 'hartonomous importers' "
        "lists what each expects."
    )


def _is_recognised(path: Path, recognised: Callable[[Path], bool]) -> bool:
    try:
        return recognised(path)
    except (HartonomousError, OSError):
        return False


def _refuse_file(path: Path) -> None:
    refuse_pointer(path)
    with path.open("rb") as file:
        head = file.read(HEAD)
    suffix = path.suffix.lower()
    for magic, (name, command) in COMPRESSED.items():
        if head.startswith(magic):
            raise BadInput(
                f"{path} is compressed ({name}); unpack it and give what comes out: {command}."
            )
    told = _what(path, suffix, head)
    if told is not None:
        raise BadInput(f"{path} is {told}.")


def _what(path: Path, suffix: str, head: bytes) -> str | None:
    """Return the kind of a file and the remedy, None if unknown."""
    if suffix in NOT_READ:
        return NOT_READ[suffix]
    if not head and suffix in MODEL_ENDINGS:
        return "empty; download it again"
    if head[TAR_AT:].startswith(TAR) or (head.startswith(ZIP) and suffix == ".zip"):
        return "an archive; unpack it and give its content"
    if head.startswith(FASTTEXT):
        return (
            "a fastText model in its own binary form; write its vectors as text and give that "
            "(.vec): fasttext print-word-vectors, or download the .vec file"
        )
    if head.startswith(SWAPPED_GGUF):
        return (
            "a big-endian GGUF file; only little-endian ones are supported; download the usual one"
        )
    if head.startswith(OLD_GGML):
        return (
            "a ggml file older than GGUF; convert the model to GGUF again, or give its safetensors"
        )
    if PAGE.match(head) and suffix not in PAGE_ENDINGS:
        return "an HTML page, probably a server's error message; download the file again"
    if head.startswith(UTF_16) and suffix in TEXT_ENDINGS:
        return "UTF-16; convert it first: iconv -f UTF-16 -t UTF-8"
    if suffix in (".csv", *TEXT_ENDINGS) and CELLS.match(head):
        return "words and numbers between commas; write them with blanks (tr ',' ' ') into a .txt"
    if path.name.startswith(ADAPTER) and suffix == ".safetensors":
        return _adapter(path.parent)
    return None


def _adapter(folder: Path) -> str:
    """Return the name of a LoRA adapter and of its base model."""
    config = folder / ADAPTER_CONFIG
    described = read_json(config) if config.is_file() else {}
    base = described.get("base_model_name_or_path") if isinstance(described, dict) else None
    of = f" for {shown(base)}" if isinstance(base, str) else ""
    return (
        f"a LoRA adapter{of}, which contains changes to a model but not the model; merge it into "
        "the model (peft: merge_and_unload, then save_pretrained) and give that folder"
    )


def _refuse_folder(path: Path) -> None:
    if has_weights(weights_folder(path)):
        return
    if (path / ADAPTER_CONFIG).is_file() or any(path.glob(f"{ADAPTER}*.safetensors")):
        raise BadInput(f"{path} is {_adapter(path)}.")
    models = models_in(path)
    if len(models) > 1:
        names = ", ".join(shown(file.name) for file in models[:8])
        raise BadInput(f"{path} holds {len(models)} GGUF models; give one of them: {names}.")
    if models:
        return
    if (path / "model_index.json").is_file():
        # A diffusion pipeline of several models.
        return
    for file in sorted((*path.iterdir(), *(path / "onnx").glob("*.onnx"))):
        suffix = file.suffix.lower()
        if suffix in NOT_READ and (path / "config.json").is_file() | (suffix == ".onnx"):
            raise BadInput(f"{path} has no supported weights: {file.name} is {NOT_READ[suffix]}.")
        if VECTOR_ARCHIVE.fullmatch(file.name.lower()):
            raise BadInput(f"{file} is compressed; unpack it and give its content.")
