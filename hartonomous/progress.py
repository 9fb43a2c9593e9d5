"""How a long act tells how far it is, and what it remarks on its way: the callbacks of all stages."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str, int, int], None]
"""Told the stage, how much of it is done and how much there is, in the stage's own unit."""

Advance = Callable[[int, int], None]
"""As Progress, of one stage that its caller names."""

Say = Callable[[str], None]
"""Told a remark for people: a sentence that is no data and no error."""


def unseen(stage: str, done: int, total: int) -> None:
    """Show no progress."""


def unheard(text: str) -> None:
    """Pass a remark over."""
