"""How long commands wait for a server, a process or a lock before they give up."""

from __future__ import annotations

import os
import re

from hartonomous.errors import UsageError

LONGEST = 900.0
"""Seconds that are waited at most, unless HARTONOMOUS_WAIT says another number."""

STANDSTILL = 120.0
"""Seconds after which something that makes no progress at all is given up."""


def longest_wait() -> float:
    """Return the seconds that a command waits at most.

    Raises UsageError when HARTONOMOUS_WAIT is not a number of seconds.
    """
    chosen = os.environ.get("HARTONOMOUS_WAIT")
    if chosen is None:
        return LONGEST
    if re.fullmatch(r"\d{1,6}(\.\d+)?", chosen) is None:
        raise UsageError(f"HARTONOMOUS_WAIT is {chosen!r}; give a number of seconds such as 600.")
    return float(chosen)
