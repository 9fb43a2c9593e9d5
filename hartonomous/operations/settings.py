"""Settings given by name: a name that there is not is refused, as Python refuses a parameter."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from hartonomous.errors import UsageError


def checked(settings: Mapping[str, Any], kind: type, more: Iterable[str] = ()) -> dict[str, Any]:
    """Return settings of a kind as a dictionary; raises UsageError for a name that is none of its,
    and none of `more`.
    """
    known = dict.fromkeys((*kind.__annotations__, *more))
    if unknown := sorted(settings.keys() - known.keys()):
        raise UsageError(f"There is no setting {unknown[0]!r}; there are {', '.join(known)}.")
    return dict(settings)
