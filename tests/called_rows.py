"""What a procedure returns beside what Python gets from the same statement."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from hartonomous.graph.cypher_files import statement
from hartonomous.graph.driver import Graph, Row

MICRO = {"weight", "vote", "divisor"}
MILLI = {"support", "share", "rank", "decades", "spread", "most_odds", "least_odds"}
POINTS = re.compile(r"elo(_\w+)?")


def called(graph: Graph, name: str, call: str, **values: Any) -> list[Row]:
    """Return the rows of a procedure without the columns that are drawn, which must be there."""
    drawn = re.findall(r"(\w+) [A-Z]", str(statement(name).drawn))
    rows = graph.read(f"CALL custom.hartonomous.{call}", **values)
    assert all(set(drawn) <= set(row) for row in rows)
    return [{key: value for key, value in row.items() if key not in drawn} for row in rows]


def as_called(rows: Sequence[Row]) -> list[Row]:
    """Return Python's rows as a procedure shows them: rounded, in units that people read, and without
    the parts of a composed word, which only Python answers.
    """
    return [
        {name: _shown(name, value) for name, value in row.items() if name != "composed"}
        for row in rows
    ]


def _shown(name: str, value: Any) -> Any:
    if isinstance(value, list):
        return [_shown(name, one) for one in value]
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    if name in MICRO:
        return rounded(value / 1e6, 4)
    # The share of an arc is a fraction, that of a track in odds an integer.
    if name in MILLI and isinstance(value, int):
        return rounded(value / 1e3, 3)
    if isinstance(value, int):
        return value
    return rounded(value, 1 if POINTS.fullmatch(name) else 4)


def rounded(value: float, digits: int) -> float:
    """Return a number rounded as the server rounds it, halves up."""
    return float(Decimal(repr(value)).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP))
