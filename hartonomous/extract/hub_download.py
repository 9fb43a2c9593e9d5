"""Hub download: models named by a Hub id, fetched if there is a network."""

from __future__ import annotations

import re
from pathlib import Path

from hartonomous.errors import BadInput, NotFound
from hartonomous.extract.files.module_folders import has_weights, weights_folder

HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}")
WANTED = ["model.safetensors", "model-*.safetensors", "model.safetensors.index.json"]
WANTED += ["tokenizer.json", "vocab.txt", "vocab.json", "merges.txt", "*.tiktoken"]
WANTED += ["added_tokens.json", "special_tokens_map.json"]
WANTED += ["config.json", "modules.json"]
WANTED += [f"0_*/{name}" for name in WANTED]
"""Weights, what the tokenizers are read from, and what says how many rows there are and where, also
of a first part in a folder of its own; never code, and nothing that is not opened."""


def is_hub_id(model: str) -> bool:
    """Return whether a text could be a Hub id and is not a path here."""
    return HUB_ID.fullmatch(model) is not None and not Path(model).exists()


def download(hub_id: str) -> Path:
    """Return the folder of a model of the Hub: weights and tokenizer, never code.

    Raises NotFound without a network, or for an unknown model; BadInput if the model has no
    safetensors.
    """
    from huggingface_hub import snapshot_download

    try:
        folder = Path(snapshot_download(hub_id, allow_patterns=WANTED))
    except Exception as error:
        # The client's own errors, those of its HTTP library and of the system, depending on
        # versions: in any case the model is not available.
        reason = (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
        raise NotFound(
            f"There is nothing at {hub_id!r} here, and it cannot be downloaded as a Hub id "
            f"({reason}). Download it on a machine with a network and give its folder."
        ) from error
    if not has_weights(weights_folder(folder)) and not any(folder.glob("*.safetensors")):
        raise BadInput(
            f"{hub_id!r} has no safetensors on the Hub, and other forms (pickles) are not read. "
            "Use a converted copy of the model."
        )
    return folder
