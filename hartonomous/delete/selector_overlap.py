"""Selector overlap: rows of one removal plan that another plan's selectors also match."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hartonomous.delete.deletion_plan import Plan
from hartonomous.delete.selectors import PROPERTIES, EvidenceRange, between, within
from hartonomous.load.concept_match import Wanted

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Coverage:
    """The selectors of a removal, read from its plan's summary."""

    summary: Mapping[str, Any]

    def sources(self, planned: Plan) -> set[str]:
        """Return the sources of another plan that this removal takes whole."""
        selectors = self.summary["selectors"]
        covered = set()
        for name, source in planned.summary["sources"].items():
            own = self.summary["sources"].get(name)
            if own and own["whole"] and own["created"] == source["created"]:
                covered.add(name)
            for selector, what in PROPERTIES.items():
                value = (source.get("source") or {}).get(what)
                if value is not None and value in selectors.get(selector, ()):
                    covered.add(name)
        return covered

    def compositions(self, planned: Plan) -> Mask:
        """Return the mask of another plan's compositions that this removal takes."""
        table = planned.tables["compositions"]
        keys = {one["key"] for one in self.summary["compositions"]}
        found = np.array([key in keys for key in table["key"].to_pylist()], dtype=bool)
        selectors = self.summary["selectors"]
        words = selectors.get("concepts", ())
        if words and not selectors.get("exact"):
            wanted = Wanted.of(words, bool(selectors.get("any_case")))
            texts, kinds = table["text"].to_pylist(), table["kind"].to_pylist()
            for place, (text, kind) in enumerate(zip(texts, kinds, strict=True)):
                found[place] |= wanted.is_in(text, kind)
        return found

    def rows(self, planned: Plan, evidence: str) -> Mask:
        """Return the mask of another plan's rows of evidence that this removal takes."""
        table = planned.tables[evidence]
        taken = self.compositions(planned)
        start, end = table["start"].to_numpy(), table["end"].to_numpy()
        sources = np.array(table["source"].to_pylist(), dtype=object)
        mask = taken[start] | taken[end] | np.isin(sources, list(self.sources(planned)))
        row = {key: at for at, key in enumerate(planned.tables["compositions"]["key"].to_pylist())}
        types = self.summary["selectors"].get("types", ())
        for first, second in self.summary["pairs"]:
            if first in row and second in row:
                mask |= between(table, (row[first], row[second]), evidence, types)
        for one in self.summary["evidence_ranges"]:
            if one["evidence"] == evidence:
                mask |= within(table, EvidenceRange(**one))
        return np.asarray(mask, dtype=bool)

    def visits(self, planned: Plan) -> Mask:
        """Return the mask of another plan's visits that this removal takes."""
        table = planned.tables["visits"]
        sources = np.array(table["source"].to_pylist(), dtype=object)
        taken = self.compositions(planned)[table["composition"].to_numpy()]
        return np.asarray(taken | np.isin(sources, list(self.sources(planned))), dtype=bool)
