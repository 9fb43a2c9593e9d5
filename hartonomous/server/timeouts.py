"""Timeouts of waits for a server, a process or a lock."""

from __future__ import annotations

import os
import re

from hartonomous.errors import UsageError

LONGEST = 900.0
"""Longest wait, in seconds, unless HARTONOMOUS_WAIT sets another number."""

STANDSTILL = 120.0
"""Seconds without progress after which a wait ends."""


def longest_wait() -> float:
    """Return the longest wait of a command, in seconds.

    Raises UsageError if HARTONOMOUS_WAIT is not a number of seconds.
    """
    chosen = os.environ.get("HARTONOMOUS_WAIT")
    if chosen is None:
        return LONGEST
    if re.fullmatch(r"\d{1,6}(\.\d+)?", chosen) is None:
        raise UsageError(f"HARTONOMOUS_WAIT is {chosen!r}; give a number of seconds such as 600.")
    return float(chosen)
