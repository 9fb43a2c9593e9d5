"""Sentence encoders saved by sentence-transformers: a local folder, none of its code run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hartonomous.errors import BadInput, NotFound, UsageError
from hartonomous.extract.files.untrusted_files import (
    inside,
    is_pickle,
    read_json,
    refuse_pickle,
    shown,
)
from hartonomous.identity import content_digest, file_digest
from hartonomous.progress import Progress
from importers.transformers.loading_report import refuse_incomplete
from importers.transformers.transformer_weights import (
    refuse_code,
    refuse_device,
    refuse_size,
    refused,
)

MODULES = ("Transformer", "Pooling", "Normalize", "Dense")
"""Allowed parts of an encoder; each is the library's own class."""

WEIGHTS = "model.safetensors"
MARKS = "\u2581\u0120#"
"""Marks of tokenizers for the start of a word, or for its continuation."""

BATCH = 64
AT_ONCE = 1_024
"""Texts between two reports of progress; they are sorted by length within."""


class SentenceEncoder:
    """Turns texts into vectors of length one."""

    def __init__(self, path: Path, device: str) -> None:
        self._model = load_modules(path, device)
        self._path = path
        self.digest = content_digest("encoder", {"files": _digests(path)})
        self.dimensions = int(self._model.get_embedding_dimension())
        self._tokenizer = self._model.tokenizer
        self._placing = bool(self._tokenizer.is_fast)
        special = self._tokenizer.num_special_tokens_to_add()
        most = self._model.max_seq_length or self._tokenizer.model_max_length
        self._window = max(1, int(most) - special)

    def encode(self, texts: Sequence[str], progress: Progress | None = None) -> NDArray[np.float32]:
        """Return the vectors of texts, (n, dimensions) float32, of length one; raises BadInput if
        one is not finite.
        """
        vectors = np.empty((len(texts), self.dimensions), dtype=np.float32)
        for first in range(0, len(texts), AT_ONCE):
            part = slice(first, first + AT_ONCE)
            vectors[part] = self._model.encode(
                list(texts[part]),
                batch_size=BATCH,
                show_progress_bar=False,
                convert_to_numpy=True,
                normalize_embeddings=True,
            )
            if progress is not None:
                progress("encoding", min(first + AT_ONCE, len(texts)), len(texts))
        bad = np.flatnonzero(~np.isfinite(vectors).all(axis=1))
        if len(bad):
            raise BadInput(
                f"{self._path}: the vector of {shown(texts[int(bad[0])])} is not finite; the encoder "
                "is damaged."
            )
        return vectors

    def reach(self, text: str) -> int:
        """Return the number of characters of a text that fit into the encoder's window."""
        if not self._placing or len(text.encode()) <= self._window:
            # No tokenizer makes more tokens of a text than it has bytes.
            return len(text)
        spans = self._spans([text])[0][1]
        return len(text) if len(spans) <= self._window else int(spans[self._window][0])

    def tokens(self, texts: Sequence[str]) -> Iterator[list[tuple[str, bool]]]:
        """Yield the tokens of each text as the text writes them, and whether each is known.

        A tokenizer that does not report the positions of its tokens gives each text whole, as
        unknown.
        """
        if not self._placing:
            yield from ([(text, False)] for text in texts)
            return
        unknown = self._tokenizer.unk_token_id
        for text, (ids, spans) in zip(texts, self._spans(texts), strict=True):
            # A token of marks alone (at the start of a text) has no character of its own.
            marks = self._tokenizer.convert_ids_to_tokens(ids)
            yield [
                (text[first:end], number != unknown)
                for number, mark, (first, end) in zip(ids, marks, spans, strict=True)
                if end > first and mark.strip(MARKS)
            ]

    def unknown_share(self, texts: Sequence[str]) -> float:
        """Return the share of the characters of texts without a token."""
        if not self._placing:
            return 0.0
        seen = [(len(text), known) for tokens in self.tokens(texts) for text, known in tokens]
        unknown = sum(length for length, known in seen if not known)
        return unknown / max(1, sum(length for length, _ in seen))

    def _spans(self, texts: Sequence[str]) -> list[tuple[list[int], list[tuple[int, int]]]]:
        """Return the tokens of texts by their numbers, with their positions in the text."""
        if not texts:
            return []
        found = self._tokenizer(
            list(texts),
            add_special_tokens=False,
            return_offsets_mapping=True,
            truncation=False,
            padding=False,
            verbose=False,
        )
        return list(zip(found["input_ids"], found["offset_mapping"], strict=True))


def open_encoder(path: Path, device: str = "cpu") -> SentenceEncoder:
    """Open an encoder's folder.

    Raises NotFound for a missing folder, BadInput for one that is not a sentence encoder, contains
    code or pickled weights, or is larger than memory, UsageError without the extra or the device.
    """
    return SentenceEncoder(path, device)


def load_modules(path: Path, device: str) -> Any:
    """Return an encoder's modules, each the library's own; raises as `open_encoder` says."""
    if not path.is_dir():
        raise NotFound(f"There is no encoder's folder at {path}.")
    if not (path / "modules.json").is_file():
        raise BadInput(
            f"{path} is not a sentence encoder: it has no modules.json, which defines how its "
            "tokens become one vector. Give a folder saved by sentence-transformers."
        )
    places = _check_modules(path)
    for place in places:
        refuse_code(place)
        refuse_size(place)
    library, torch = _library()
    refuse_device(device)
    options = {"use_safetensors": True, "dtype": torch.float32, "ignore_mismatched_sizes": True}
    with refused(path, "cannot be opened as a sentence encoder"):
        model = library.SentenceTransformer(
            str(path),
            device=device,
            local_files_only=True,
            trust_remote_code=False,
            model_kwargs=options,
        )
        for place, part in zip(places, _transformers(model), strict=True):
            _check_loaded(place, part, options)
    return model.eval()


def _transformers(model: Any) -> list[Any]:
    """Return the transformers within an encoder, in its order."""
    found = [getattr(part, "auto_model", None) for part in model]
    return [part for part in found if part is not None]


def _check_loaded(place: Path, part: Any, options: dict[str, Any]) -> None:
    """Raise BadInput unless a part's file has exactly its weights.

    The library does not report this for a loaded model; loading it once more onto no device, which
    takes no memory, does.
    """
    told = {"device_map": "meta", "output_loading_info": True, "local_files_only": True}
    _, report = type(part).from_pretrained(place, config=part.config, **options, **told)
    # An encoder that is one half of a translator does not use the other half.
    report["unexpected_keys"] = {
        name
        for name in report["unexpected_keys"]
        if part.config.is_encoder_decoder is False or not name.startswith("decoder.")
    }
    refuse_incomplete(place, part, report)


def _library() -> tuple[Any, Any]:
    try:
        library: Any = import_module("sentence_transformers")
        torch: Any = import_module("torch")
        transformers: Any = import_module("transformers")
    except ImportError as error:
        raise UsageError(
            "Encoding sentences needs sentence-transformers and torch: "
            "pip install 'hartonomous[documents,transformers]'."
        ) from error
    transformers.utils.logging.disable_progress_bar()
    transformers.utils.logging.set_verbosity_error()
    return library, torch


def _check_modules(path: Path) -> list[Path]:
    """Return the folders of the transformers within.

    Raises BadInput unless every part is the library's own, with weights that are not pickled.
    """
    found = []
    modules = read_json(inside(path, "modules.json"))
    if not isinstance(modules, list) or not modules:
        raise BadInput(f"{path}: modules.json is not a list of modules.")
    for module in modules:
        kind = module.get("type") if isinstance(module, dict) else None
        folder = module.get("path") if isinstance(module, dict) else None
        if not isinstance(kind, str) or not isinstance(folder, str):
            raise BadInput(f"{path}: modules.json has a module without type or path.")
        if not kind.startswith("sentence_transformers.") or kind.split(".")[-1] not in MODULES:
            raise BadInput(
                f"{path} has a part of the type {shown(kind)}; only {', '.join(MODULES)} of "
                "sentence_transformers are run, and no code of a model."
            )
        place = (path / folder).resolve()
        if not place.is_relative_to(path.resolve()):
            raise BadInput(f"{path}: the module {shown(folder)} leads out of the folder.")
        if kind.endswith((".Transformer", ".Dense")):
            _check_weights(place)
        if kind.endswith(".Transformer"):
            found.append(place)
    return found


def _check_weights(place: Path) -> None:
    if any(place.glob("*.safetensors")):
        return
    for file in sorted(place.glob("*")):
        if is_pickle(file):
            raise refuse_pickle(file)
    raise BadInput(f"{place} has no weights ({WEIGHTS}).")


def encoder_files(path: Path) -> list[Path]:
    """Return every file that determines an encoder's output, in order of their names."""
    endings = (".json", ".safetensors", ".txt", ".model")
    return [file for file in sorted(path.rglob("*")) if file.suffix in endings and file.is_file()]


def _digests(path: Path) -> list[list[str]]:
    """Return name and digest of every file that determines the encoder's output."""
    return [[file.relative_to(path).as_posix(), file_digest(file)] for file in encoder_files(path)]
