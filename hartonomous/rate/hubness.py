"""Hubness: the concentration of a source's neighbour lists on one composition.

A hub is in the lists of very many words, whatever their meaning (Radovanović et al. 2010). In
honest models the most listed one is in at most 2.6 % of the lists; planted ones exceed that.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hartonomous.bundle import Bundle, TrackDescription
from hartonomous.bundle_scan import BundleScan

MOST_HUBNESS = 0.04
"""Share of the lists from which a hub is reported; docs/poisoning.md has the curve."""

MOST_COVERED = 1 / 200
"""Most of the vocabulary that one list may cover; above, every list contains much of it."""


@dataclass(frozen=True)
class Hub:
    """The composition in most lists: its text, and its share of the lists."""

    text: str
    share: float


def find_hub(bundle: Bundle, scan: BundleScan) -> Hub | None:
    """Return the hub of a bundle's tracks that vote, None if the lists are too long to tell.

    For a track whose rare pairs were left out, the share is a lower bound.
    """
    texts = scan.compositions["text"]
    found: Hub | None = None
    for track in bundle.tracks:
        covered = track.k / max(1, track.vocabulary - 1)
        if track.evidence not in scan.directions or covered > MOST_COVERED:
            continue
        row, share = _most_listed(track, scan.directions[track.evidence])
        if found is None or share > found.share:
            found = Hub(texts[row].as_py(), share)
    return found


def _most_listed(track: TrackDescription, directions: NDArray[np.float64]) -> tuple[int, float]:
    """Return the row of the most listed composition, and its share of the lists.

    Both directions of a pair are counted for both ends: as listed, and as one of k listings.
    """
    row = int(directions.argmax())
    listed = directions[row] / len(track.positions) - track.k
    return row, round(max(0.0, listed / (track.vocabulary - 1)), 4)
