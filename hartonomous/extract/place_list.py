"""Place list: the places of a vocabulary's compositions, the first of each kept, the others counted."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hartonomous.held_places import MOST, place_table


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
