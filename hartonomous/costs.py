"""What evidence costs in the graph, for forecasts: bytes and rates of two cores, from `make bench`."""

from __future__ import annotations

BYTES_PER_EVIDENCE = 160
BYTES_PER_RATING = 160
LOADED_PER_SECOND = 60_000
RATED_PER_SECOND = 50_000


def disk_bytes(evidence: int, pairs: int) -> int:
    """Return the bytes of the store that evidence edges and rated pairs take."""
    return evidence * BYTES_PER_EVIDENCE + pairs * BYTES_PER_RATING


def seconds_to_load(evidence: int, pairs: int) -> float:
    """Return how long it takes to load evidence edges and to rate pairs."""
    return evidence / LOADED_PER_SECOND + pairs / RATED_PER_SECOND
