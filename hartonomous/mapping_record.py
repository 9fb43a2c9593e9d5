"""Records: results whose fields are attributes and items alike."""

from __future__ import annotations

from typing import Any


class Record:
    """A dataclass that is read like a mapping too: `row["word"]` is `row.word`."""

    def keys(self) -> tuple[str, ...]:
        """Return the names of the fields, in order."""
        fields: dict[str, Any] = getattr(type(self), "__dataclass_fields__", {})
        return tuple(fields)

    def __getitem__(self, name: str) -> Any:
        if name not in self.keys():
            raise KeyError(name)
        return getattr(self, name)
