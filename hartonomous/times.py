"""Points in time as the graph and the log write them."""

from __future__ import annotations

from datetime import datetime


def read_time(text: str) -> datetime:
    """Return the point in time that an ISO 8601 text says, which may name its zone besides.

    A store that an earlier version copied names the zone of its times, after their offset.

    >>> read_time("2026-01-02T03:04:05.678Z[UTC]").isoformat()
    '2026-01-02T03:04:05.678000+00:00'
    """
    return datetime.fromisoformat(text.partition("[")[0])
