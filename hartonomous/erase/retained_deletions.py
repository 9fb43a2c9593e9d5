"""Retained deletions as an erasure searches them: their rows, compositions and names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from hartonomous.delete.deletion_plan import Plan
from hartonomous.delete.retention_area import Retained, read_retained
from hartonomous.erase.erasure_target import ErasureTarget, Reach
from hartonomous.errors import BadInput, Conflict


@dataclass(frozen=True)
class KeptDeletion:
    """A deletion that can be undone, with the cheap parts of its plan."""

    record: Retained
    plan: Plan

    def contains(self, sought: ErasureTarget) -> bool:
        """Return whether its rows, its compositions or its summary contain data to erase."""
        if sought.names_in(self.plan.summary):
            return True
        table = self.plan.tables["compositions"]
        if any(map(sought.is_word, table["text"].to_pylist(), table["kind"].to_pylist())):
            return True
        by_rows = sought.pairs or sought.selectors.get("evidence")
        return bool(by_rows and self.rows(sought))

    def rows(self, sought: ErasureTarget) -> int:
        """Return the number of its rows of evidence to erase."""
        planned, reach = read_retained(self.record.id), Reach.alone(sought)
        return sum(int(reach.rows(planned, name).sum()) for name in planned.evidence)


@dataclass(frozen=True)
class KeptSource:
    """A source with rows in a retained deletion: all of them if `person` is known."""

    record: Retained
    name: str
    created: str
    digest: str
    stated: Mapping[str, Any] | None

    @property
    def person(self) -> str | None:
        """Return the subject of its data, if it is retained whole and has one."""
        return (self.stated or {}).get("subject")

    def is_in(self, sought: ErasureTarget) -> bool:
        """Return whether it is taken whole."""
        return (self.name, self.created) in sought.sources


def readable(records: Iterable[Retained]) -> list[KeptDeletion]:
    """Return the readable retained deletions; a damaged one cannot be restored."""
    found = []
    for record in records:
        try:
            planned = read_retained(record.id)
        except (BadInput, Conflict):
            continue
        tables = {"compositions": planned.tables["compositions"]}
        found.append(KeptDeletion(record, replace(planned, tables=tables)))
    return found
