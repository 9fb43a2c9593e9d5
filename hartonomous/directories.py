"""The cache directory, for files that can be created again."""

from __future__ import annotations

import os
from pathlib import Path

from platformdirs import user_cache_path


def cache() -> Path:
    """Return the cache directory: HARTONOMOUS_CACHE, else the user's."""
    chosen = os.environ.get("HARTONOMOUS_CACHE")
    return Path(chosen).absolute() if chosen else user_cache_path("hartonomous")


def earlier_bundles_folder() -> Path:
    """Return where earlier versions left bundles, of any home."""
    return cache() / "bundles"
