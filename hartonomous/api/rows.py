"""Results of many records: a sequence that prints as a table and turns into Arrow or pandas."""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from hartonomous.ask.relations.shown_texts import shown
from hartonomous.cell_text import cell_text
from hartonomous.mapping_record import Record

if TYPE_CHECKING:
    import pandas
    import pyarrow

T = TypeVar("T", bound=Record)
K = TypeVar("K", bound=Record)

SHOWN = 60
"""Rows that are printed; what is left out is counted."""

WIDEST = 60
"""Characters of a cell that are printed."""


class CypherRecord(Record):
    """A row of a Cypher statement; its columns are attributes and items.

    A column that is no Python name, or one called "keys", is an item alone.
    """

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = {name: _native(value) for name, value in values.items()}

    def keys(self) -> tuple[str, ...]:
        """Return the names of the columns, in order."""
        return tuple(self._values)

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def __getattr__(self, name: str) -> Any:
        # Asked of a half-made copy too, which has no values yet.
        values = self.__dict__.get("_values", {})
        if name not in values:
            raise AttributeError(f"There is no column {name!r}; there are {', '.join(values)}.")
        return values[name]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CypherRecord) and self._values == other._values

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"CypherRecord({', '.join(f'{k}={v!r}' for k, v in self._values.items())})"


class Rows(Sequence[T], Generic[T]):
    """Records of one kind, in order.

    A sequence: `rows[0].word`, `rows[0]["word"]`, `len(rows)`, `for row in rows`. Printed, and in a
    notebook, it is a table of at most 60 rows. `captions` has the caption of each picture in them, by
    its text; the table shows it instead.
    """

    def __init__(
        self,
        records: Iterable[T],
        columns: Sequence[str] = (),
        captions: Mapping[str, str] | None = None,
    ) -> None:
        self._records = tuple(records)
        self.captions = dict(captions or {})
        self.columns = tuple(columns) or (self._records[0].keys() if self._records else ())

    @overload
    def __getitem__(self, place: int) -> T: ...

    @overload
    def __getitem__(self, place: slice) -> Rows[T]: ...

    def __getitem__(self, place: int | slice) -> T | Rows[T]:
        if isinstance(place, slice):
            return Rows(self._records[place], self.columns, self.captions)
        return self._records[place]

    def __len__(self) -> int:
        return len(self._records)

    def __iter__(self) -> Iterator[T]:
        return iter(self._records)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Rows) and self._records == other._records

    __hash__ = None  # type: ignore[assignment]

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return the records as dictionaries, what is nested in them too."""
        return [{name: _plain(row[name]) for name in self.columns} for row in self._records]

    def to_arrow(self) -> pyarrow.Table:
        """Return an Arrow table, a column a field.

        Raises pyarrow.ArrowInvalid for a column of values that are not of one type, as a Cypher
        statement may return.
        """
        import pyarrow

        rows = self.to_dicts()
        return pyarrow.table({name: [row[name] for row in rows] for name in self.columns})

    def to_pandas(self) -> pandas.DataFrame:
        """Return a pandas data frame, a column a field."""
        import pandas

        return pandas.DataFrame.from_records(self.to_dicts(), columns=list(self.columns))

    def __repr__(self) -> str:
        cells = self._cells()
        widths = [max(map(len, column)) for column in zip(self.columns, *cells, strict=True)]
        numeric = self._numeric()
        lines = [
            "  ".join(
                cell.rjust(width) if right else cell.ljust(width)
                for cell, width, right in zip(line, widths, numeric, strict=True)
            ).rstrip()
            for line in (self.columns, *cells)
        ]
        return "\n".join([*lines, *self._rest()])

    def _repr_html_(self) -> str:
        def line(tag: str, cells: Iterable[str]) -> str:
            return "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in cells)

        head = f"<thead><tr>{line('th', self.columns)}</tr></thead>"
        body = "".join(f"<tr>{line('td', cells)}</tr>" for cells in self._cells())
        rest = "".join(f"<p>{html.escape(text)}</p>" for text in self._rest())
        return f"<table>{head}<tbody>{body}</tbody></table>{rest}"

    def _cells(self) -> list[tuple[str, ...]]:
        return [
            tuple(_cell(self._shown(row[name])) for name in self.columns)
            for row in self._records[:SHOWN]
        ]

    def _shown(self, value: Any) -> Any:
        return shown(value, self.captions) if self.captions else value

    def _numeric(self) -> list[bool]:
        return [
            all(isinstance(row[name], int | float | None) for row in self._records)
            for name in self.columns
        ]

    def _rest(self) -> list[str]:
        if not self._records:
            return ["no rows"]
        more = len(self._records) - SHOWN
        return [f"… {more:,} more rows"] if more > 0 else []


def rows_of(kind: type[K], found: Iterable[Mapping[str, Any]]) -> Rows[K]:
    """Return rows that a question answered as records of a kind."""
    return Rows((record_of(kind, row) for row in found), field_names(kind))


def record_of(kind: type[K], row: Mapping[str, Any]) -> K:
    """Return one row as a record of a kind; a column that it lacks is None."""
    return kind(**{name: row.get(name) for name in field_names(kind)})


def field_names(kind: type[Record]) -> tuple[str, ...]:
    """Return the names of a kind of record's fields, in order."""
    return tuple(getattr(kind, "__dataclass_fields__", {}))


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Rows):
        return value.to_dicts()
    if isinstance(value, Mapping):
        return {name: _plain(entry) for name, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    return value


def _native(value: Any) -> Any:
    """Return a value of the database as Python has it: times, dates, points within lists and maps."""
    if isinstance(value, list | tuple):
        return [_native(entry) for entry in value]
    if isinstance(value, dict):
        return {name: _native(entry) for name, entry in value.items()}
    if hasattr(value, "to_native"):
        return value.to_native()
    if type(value).__module__.partition(".")[0] == "neo4j":
        return str(value)
    return value


def _cell(value: Any) -> str:
    text = cell_text(value)
    return text if len(text) <= WIDEST else f"{text[: WIDEST - 1]}…"
