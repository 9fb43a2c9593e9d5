"""Size of evidence in the graph, for forecasts: bytes, from `make bench`."""

from __future__ import annotations

BYTES_PER_EVIDENCE = 160
BYTES_PER_RATING = 160


def disk_bytes(evidence: int, pairs: int) -> int:
    """Return the bytes of evidence edges and rated pairs in the store."""
    return evidence * BYTES_PER_EVIDENCE + pairs * BYTES_PER_RATING
