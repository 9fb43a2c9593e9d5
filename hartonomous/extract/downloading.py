"""Models named by a Hub id, fetched where there is a network."""

from __future__ import annotations

import re
from pathlib import Path

from hartonomous.errors import NotFound

HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}")
WANTED = ["*.safetensors", "*.safetensors.index.json", "tokenizer.json", "vocab.txt", "vocab.json"]
WANTED += ["config.json", "special_tokens_map.json", "tokenizer_config.json"]


def is_hub_id(model: str) -> bool:
    """Return whether a text could be a Hub id and is no path here."""
    return HUB_ID.fullmatch(model) is not None and not Path(model).exists()


def download(hub_id: str) -> Path:
    """Return the folder of a model of the Hub: weights and tokenizer, never code.

    Raises NotFound when there is no network, or no such model there.
    """
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(hub_id, allow_patterns=WANTED))
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError, ValueError) as error:
        raise NotFound(
            f"There is nothing at {hub_id!r} here, and as a Hub id it cannot be downloaded: "
            f"{str(error).splitlines()[0]} Download it where there is a network and give its folder."
        ) from error
