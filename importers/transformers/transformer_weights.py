"""Transformer weights from a folder or a GGUF file, through `transformers`, without running its
code.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass
from importlib import import_module
from io import StringIO
from pathlib import Path
from typing import Any

import psutil

from hartonomous.errors import BadInput, HartonomousError, UsageError
from hartonomous.extract.files.gguf_files import is_gguf, read_header
from hartonomous.extract.files.untrusted_files import read_json, shown
from importers.transformers.loading_report import refuse_incomplete

DOCUMENT_MARKS = ("<|endoftext|>", "<|begin_of_text|>", "<s>")
"""Start tokens that causal models were trained with, if the tokenizer adds none."""

ENCODERS = ("bert", "t5encoder", "clip")
"""In the names of architectures in GGUF files, marks of models without next tokens."""

ARCHITECTURE = "general.architecture"

ADAPTER = "adapter_config.json"
EMBEDDING_ALONE = "Its embedding alone can be extracted: --tracks embedding."

DEVICE_TOLERANCE = 1e-3
"""Tolerance of a run on CUDA against one on the CPU, relative to a vector's length and to total
probability; `python -m benchmarks devices` measures it on real models.
"""

MEMORY_SHARE = 0.8
"""Share of the free memory that a model's weights may take."""


@dataclass(frozen=True)
class Transformer:
    """A loaded model: `prefix` and `suffix` are the ids of its own frame around a text."""

    path: Path
    model: Any
    tokenizer: Any
    device: str
    prefix: tuple[int, ...]
    suffix: tuple[int, ...]

    @property
    def config(self) -> Any:
        return self.model.config

    @property
    def body(self) -> Any:
        """The model without a head over its vocabulary."""
        return self.model.base_model

    @property
    def reads_on(self) -> bool:
        """Return whether a token's output depends only on earlier tokens."""
        return self.body is not self.model and not self.suffix

    @property
    def parameters(self) -> int:
        return sum(tensor.numel() for tensor in self.model.parameters())

    @contextmanager
    def running(self) -> Iterator[None]:
        """Raise BadInput if the model cannot be run on its own tokens."""
        with refused(self.path, "cannot be run as a transformer"):
            yield


def load_transformer(path: Path, device: str) -> Transformer:
    """Load a model for inference in float32, a causal one with its head over the vocabulary.

    Raises UsageError if the extra is not installed or there is no such device, BadInput for a model
    that contains code, has an unknown architecture, lacks weights, or is larger than the free
    memory.
    """
    transformers, torch = _modules()
    refuse_device(device)
    refuse_code(path)
    refuse_size(path)
    kind = transformers.AutoModelForCausalLM if is_causal(path) else transformers.AutoModel
    folder = path.parent if is_gguf(path) else path
    options: dict[str, Any] = {"gguf_file": path.name} if is_gguf(path) else {}
    options |= {"local_files_only": True, "trust_remote_code": False}
    with refused(path, "cannot be opened as a transformer"):
        # The library's own progress bar for a GGUF file, which nothing else turns off, goes to
        # stderr.
        with redirect_stderr(StringIO()):
            tokenizer = transformers.AutoTokenizer.from_pretrained(folder, **options)
            if not is_gguf(path):
                options |= {"use_safetensors": True}
            # Shape mismatches are reported with the others; randomly initialised tensors are never
            # run.
            options |= {"output_loading_info": True, "ignore_mismatched_sizes": True}
            model, report = kind.from_pretrained(folder, dtype=torch.float32, **options)
        frame = _frame(tokenizer)
    refuse_incomplete(path, model, report, EMBEDDING_ALONE)
    model.eval().to(device)
    return Transformer(path, model, tokenizer, device, *frame)


@contextmanager
def refused(path: Path, what: str) -> Iterator[None]:
    """Turn any error of the libraries on a model into BadInput.

    They raise various errors for a damaged or unknown model; the tokenizers library raises bare
    exceptions.
    """
    try:
        yield
    except (HartonomousError, MemoryError):
        raise
    except Exception as error:
        first = (str(error).strip().splitlines() or [repr(error)])[0]
        raise BadInput(f"{path} {what}: {shown(first)}") from error


def architecture(path: Path) -> str:
    """Return the name of a model's architecture: LlamaForCausalLM, or in GGUF, llama."""
    if is_gguf(path):
        return str(read_header(path, (ARCHITECTURE,)).values.get(ARCHITECTURE))
    config = path / "config.json"
    described = read_json(config) if config.is_file() else {}
    names = described.get("architectures") if isinstance(described, dict) else None
    return ", ".join(map(str, names)) if isinstance(names, list) else "unknown"


def is_causal(path: Path) -> bool:
    """Return whether a model has a next-token head."""
    name = architecture(path)
    if is_gguf(path):
        return not any(part in name for part in ENCODERS)
    return "CausalLM" in name or "LMHead" in name


def _modules() -> tuple[Any, Any]:
    try:
        torch: Any = import_module("torch")
        transformers: Any = import_module("transformers")
    except ImportError as error:
        raise UsageError(
            "Layers, heads and next tokens need torch and transformers: "
            "pip install 'hartonomous[transformers]'."
        ) from error
    transformers.utils.logging.disable_progress_bar()
    transformers.utils.logging.set_verbosity_error()
    return transformers, torch


def refuse_device(device: str) -> None:
    """Raise UsageError for a missing device."""
    torch: Any = import_module("torch")
    if device == "cuda" and not torch.cuda.is_available():
        raise UsageError("There is no CUDA device here; leave --device out, or use --device cpu.")


def refuse_code(path: Path) -> None:
    """Raise BadInput for a model's folder that contains Python code, or has an unknown
    architecture.
    """
    config = path / "config.json"
    if not path.is_dir():
        return
    if (path / ADAPTER).is_file():
        raise BadInput(
            f"{path} also holds a LoRA adapter ({ADAPTER}), and its weights may or may not "
            "include it; merge it (peft: merge_and_unload, save_pretrained), or move it away."
        )
    if not config.is_file():
        raise BadInput(f"{path} has no config.json; its architecture is not known.")
    described = read_json(config)
    if isinstance(described, dict) and "auto_map" in described:
        raise BadInput(
            f"{path} runs its own Python code (auto_map in config.json), and no code of a model "
            "is run here. Its embedding can be extracted with --tracks embedding."
        )


def refuse_size(path: Path) -> None:
    """Raise BadInput for a model whose weights would not fit into the free memory."""
    files = [path] if path.is_file() else sorted(path.glob("*.safetensors"))
    size = sum(_unpacked(file) for file in files)
    free = psutil.virtual_memory().available
    if size > MEMORY_SHARE * free:
        raise BadInput(
            f"{path} takes {size / 1000000000.0:.1f} GB in float32 and {free / 1000000000.0:.1f} "
            "GB of memory are free. Extract its embedding alone (--tracks embedding), or use a "
            "larger machine."
        )


def _unpacked(file: Path) -> int:
    """Return the bytes of a file's tensors in float32."""
    if is_gguf(file):
        shapes = [tensor.shape for tensor in read_header(file, ()).tensors.values()]
    else:
        from hartonomous.extract.files.safetensors_files import safetensors_header

        shapes = [tensor.shape for tensor in safetensors_header(file).values()]
    total = 0
    for shape in shapes:
        numbers = 4
        for length in shape:
            numbers *= length
        total += numbers
    return total


def _frame(tokenizer: Any) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the ids before and after a text, as the model was trained with.

    A tokenizer that adds none is a causal model's, trained on texts after a document's start token.
    """
    bare = tokenizer("a", add_special_tokens=False)["input_ids"]
    framed = tokenizer("a")["input_ids"]
    for first in range(len(framed) - len(bare) + 1):
        if framed[first : first + len(bare)] == bare:
            prefix, suffix = tuple(framed[:first]), tuple(framed[first + len(bare) :])
            break
    else:
        prefix = suffix = ()
    if prefix or suffix:
        return prefix, suffix
    known = tokenizer.get_vocab()
    marks = [known[mark] for mark in DOCUMENT_MARKS if mark in known]
    marks += [mark for mark in (tokenizer.bos_token_id, tokenizer.eos_token_id) if mark is not None]
    return tuple(marks[:1]), ()
