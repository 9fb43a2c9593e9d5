"""Processes that hang, grow or die cost the item that made them so."""

from __future__ import annotations

import os
import time

from importers.code.parse_pool import Failed, ParsePool


def awkward(item: int) -> int:
    """Double an item; one hangs, one takes all memory, one ends the process."""
    if item == 1:
        time.sleep(600)
    if item == 2:
        bytearray(8 << 30)
    if item == 3:
        os._exit(1)
    return 2 * item


def test_others_are_done_all_the_same() -> None:
    pool = ParsePool(awkward, 2, seconds=3.0, memory=1 << 30)
    found = dict(pool.results([0, 1, 2, 3, 4], 5))
    assert found == {
        0: 0,
        1: Failed("took too long"),
        2: Failed("needed too much memory"),
        3: Failed("ended the parser"),
        4: 8,
    }
