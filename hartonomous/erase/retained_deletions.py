"""What deletions keep to be undone, as an erasure looks at it: their rows, compositions and names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from hartonomous.delete.deletion_plan import Plan
from hartonomous.delete.retention_area import Retained, read_retained
from hartonomous.erase.erasure_target import Reach, Sought
from hartonomous.errors import BadInput, Conflict


@dataclass(frozen=True)
class KeptDeletion:
    """A deletion that can be undone, and of its plan what is cheap to hold."""

    record: Retained
    plan: Plan

    def holds(self, sought: Sought) -> bool:
        """Return whether its rows, its compositions or its summary are of what is sought."""
        if sought.names_in(self.plan.summary):
            return True
        table = self.plan.tables["compositions"]
        if any(map(sought.is_word, table["text"].to_pylist(), table["kind"].to_pylist())):
            return True
        by_rows = sought.pairs or sought.selectors.get("evidence")
        return bool(by_rows and self.rows(sought))

    def rows(self, sought: Sought) -> int:
        """Return how many of its rows of evidence are sought."""
        planned, reach = read_retained(self.record.id), Reach.alone(sought)
        return sum(int(reach.rows(planned, name).sum()) for name in planned.evidence)


@dataclass(frozen=True)
class KeptSource:
    """A source of which a deletion keeps something: all of it where `person` could be told."""

    record: Retained
    name: str
    created: str
    digest: str
    stated: Mapping[str, Any] | None

    @property
    def person(self) -> str | None:
        """Return whose data it is, where it is kept whole and is somebody's."""
        return (self.stated or {}).get("subject")

    def is_in(self, sought: Sought) -> bool:
        """Return whether it is taken whole."""
        return (self.name, self.created) in sought.sources


def readable(records: Iterable[Retained]) -> list[KeptDeletion]:
    """Return what is kept of deletions that can be read; a damaged one can bring nothing back."""
    found = []
    for record in records:
        try:
            planned = read_retained(record.id)
        except (BadInput, Conflict):
            continue
        tables = {"compositions": planned.tables["compositions"]}
        found.append(KeptDeletion(record, replace(planned, tables=tables)))
    return found
