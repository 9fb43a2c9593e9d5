"""Changes of the ratings of relations, told apart from noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hartonomous.schema import rated_types

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class RatingChange:
    """The ratings of the relations that both sides have, and which of them moved.

    `codes` (m,) int64 are the relations, `before` and `after` (m,) their ratings in points.
    """

    codes: Ints
    before: Floats
    after: Floats
    noise: float

    @property
    def delta(self) -> Floats:
        """Return after minus before, in points."""
        return np.asarray(self.after - self.before)

    @property
    def moved(self) -> NDArray[np.bool_]:
        """Return which ratings changed by more than the noise."""
        return np.asarray(np.abs(self.delta) > self.noise)

    @property
    def stronger(self) -> int:
        """Return the number of ratings that rose by more than the noise."""
        return int(np.count_nonzero(self.delta > self.noise))

    @property
    def weaker(self) -> int:
        """Return the number of ratings that fell by more than the noise."""
        return int(np.count_nonzero(self.delta < -self.noise))

    @property
    def exactly(self) -> int:
        """Return the number of ratings that differ at all."""
        return int(np.count_nonzero(self.delta))

    def most(self, top: int) -> dict[str, Ints]:
        """Return the rows that rose and fell most, at most `top` of each, largest change first."""
        found = {}
        for name, sign in (("stronger", 1.0), ("weaker", -1.0)):
            amount = sign * self.delta
            found[name] = _largest(np.flatnonzero(amount > self.noise), amount, self.codes, top)
        return found


@dataclass(frozen=True)
class RelationNames:
    """The names of relations: `texts` of the compositions that their codes count."""

    texts: list[str]

    def of(self, code: int) -> dict[str, Any]:
        """Return type, start and end of a relation."""
        keys = len(self.texts)
        return {
            "type": rated_types()[code // keys**2].name,
            "start": self.texts[code // keys % keys],
            "end": self.texts[code % keys],
        }


def changed_pairs(
    moved: RatingChange,
    gone: tuple[Ints, Floats],
    new: tuple[Ints, Floats],
    names: RelationNames,
    top: int,
) -> list[dict[str, Any]]:
    """Return the relations whose elo changed most, then the strongest that are gone and new; each is
    (codes, elo).
    """
    rows = [
        {
            "change": change,
            **names.of(int(moved.codes[row])),
            "elo_a": float(moved.before[row]),
            "elo_b": float(moved.after[row]),
            "delta": float(moved.delta[row]),
        }
        for change, found in moved.most(top).items()
        for row in found
    ]
    for change, side, (codes, elo) in (("gone", "elo_a", gone), ("new", "elo_b", new)):
        missing = {"elo_a": None, "elo_b": None, "delta": None}
        rows += [
            {"change": change, **names.of(int(codes[row])), **missing, side: float(elo[row])}
            for row in _largest(np.arange(len(codes)), elo, codes, top)
        ]
    return rows


def changed_consensus(
    moved: RatingChange, same: NDArray[np.bool_], names: RelationNames, top: int
) -> list[dict[str, Any]]:
    """Return the relations whose consensus changed most; `same` (m,) are those whose own evidence
    did not.
    """
    return [
        {
            "change": change,
            "evidence": "same" if same[row] else "changed",
            **names.of(int(moved.codes[row])),
            "consensus_a": int(moved.before[row]),
            "consensus_b": int(moved.after[row]),
            "delta": int(moved.after[row] - moved.before[row]),
        }
        for change, found in moved.most(top).items()
        for row in found
    ]


def _largest(rows: Ints, amount: Floats, codes: Ints, top: int) -> Ints:
    """Return the rows of the largest amounts, in order."""
    order = np.lexsort((codes[rows], -amount[rows]))[:top]
    return np.asarray(rows[order])
