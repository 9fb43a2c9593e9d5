"""Place list: the places of compositions, the first of each kept, the others counted."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from hartonomous.held_places import MOST, PLACES, place_table

MORE_PLACES = f"places beyond {MOST} of a composition"
"""Reason of places left out where pieces of a source are merged."""


def distinct_places(table: pa.Table) -> pa.Table:
    """Return the columns of PLACES, sorted, without repetition."""
    rows = table.select(PLACES.names).sort_by([(name, "ascending") for name in PLACES.names])
    if not rows.num_rows:
        return rows
    fresh = np.diff(rows["composition"].to_numpy(), prepend=-1) != 0
    places = rows["place"]
    fresh[1:] |= np.asarray(pc.not_equal(places.slice(1), places.slice(0, len(places) - 1)))
    return rows.filter(pa.array(fresh))


def first_places(table: pa.Table) -> tuple[pa.Table, int]:
    """Return the MOST first places of each composition, sorted, without repetition, and the number
    of others.
    """
    rows = distinct_places(table)
    begins = np.flatnonzero(np.diff(rows["composition"].to_numpy(), prepend=-1))
    rank = np.arange(len(rows)) - np.repeat(begins, np.diff(begins, append=len(rows)))
    kept = rows.filter(pa.array(rank < MOST))
    return kept, rows.num_rows - kept.num_rows


@dataclass
class PlaceList:
    """Places by the number of what an importer found, in the order in which they were met.

    `left_out` counts places beyond the MOST first ones of the same thing.
    """

    left_out: int = 0
    _number: dict[str, int] = field(default_factory=dict)
    _of: dict[int, list[int]] = field(default_factory=dict)

    def add(self, row: int, place: str) -> None:
        """Add a place of the thing of this number; one that it has already changes nothing."""
        number = self._number.setdefault(place, len(self._number))
        own = self._of.setdefault(row, [])
        if number in own:
            return
        if len(own) < MOST:
            own.append(number)
        else:
            self.left_out += 1

    def of(self) -> dict[int, list[str]]:
        """Return the places kept of each thing, by its number."""
        names = list(self._number)
        return {row: [names[number] for number in own] for row, own in self._of.items()}

    def table(self, composition: NDArray[np.int64]) -> pa.Table:
        """Return the rows of a bundle; `composition` (n,) int64 is the row of each thing among the
        compositions.
        """
        sizes = np.fromiter(map(len, self._of.values()), dtype=np.int64, count=len(self._of))
        things = np.fromiter(self._of, dtype=np.int64, count=len(self._of))
        numbers = [number for own in self._of.values() for number in own]
        names = pa.array(list(self._number), pa.string())
        return place_table(
            composition[np.repeat(things, sizes)], names.take(pa.array(numbers, pa.int64()))
        )
