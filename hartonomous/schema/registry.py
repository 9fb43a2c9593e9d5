"""The records at hand, by name: the built-in lists, and what a caller registers besides."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from hartonomous.errors import UsageError
from hartonomous.schema.evidence_catalogue import COUNTED, EVIDENCE
from hartonomous.schema.kind_catalogue import KINDS
from hartonomous.schema.node_labels import COMPOSITION_PROPERTIES
from hartonomous.schema.null_models import HALF, LISTED, SUPPORT
from hartonomous.schema.rating_catalogue import DEFAULT_RELATION, RATED
from hartonomous.schema.record_classes import (
    EVIDENCE_ENDING,
    Column,
    EvidenceType,
    Kind,
    RatedType,
)


@dataclass(frozen=True)
class _Registry:
    kinds: dict[str, Kind]
    evidence: dict[str, EvidenceType]
    rated: dict[str, RatedType]
    generation: int = 0
    columns: tuple[Column, ...] = field(init=False)

    def __post_init__(self) -> None:
        met = {column.name: column for each in self.evidence.values() for column in each.columns}
        object.__setattr__(self, "columns", tuple(met.values()))


_registry = _Registry(
    {each.name: each for each in KINDS},
    {each.name: each for each in EVIDENCE},
    {each.name: each for each in RATED},
)


@contextmanager
def extended(
    kinds: Sequence[Kind] = (),
    evidence: Sequence[EvidenceType] = (),
    rated: Sequence[RatedType] = (),
) -> Iterator[None]:
    """Add records for as long as the block runs, for this process.

    Raises UsageError for a record that contradicts the others or is only half there.
    """
    global _registry
    before = _registry
    made = _Registry(
        before.kinds | {each.name: each for each in kinds},
        before.evidence | {each.name: each for each in evidence},
        before.rated | {each.name: each for each in rated},
        before.generation + 1,
    )
    for fault in _faults(made):
        raise UsageError(fault)
    _registry = made
    try:
        yield
    finally:
        _registry = _Registry(before.kinds, before.evidence, before.rated, made.generation + 1)


def faults() -> list[str]:
    """Return what is wrong with the records at hand, a line each; empty when they fit together."""
    return _faults(_registry)


def _faults(made: _Registry) -> list[str]:
    found = [fault for each in made.evidence.values() for fault in _evidence_faults(each, made)]
    fed = {each.feeds for each in made.evidence.values()}
    found += [f"No evidence type feeds {name}." for name in made.rated if name not in fed]
    ranks = [each.rank for each in made.kinds.values()]
    if len(set(ranks)) < len(ranks):
        found.append("Two kinds have one rank; which of them answers would be open.")
    found += [
        f"{kind.name} has a property {each.name!r}, which every composition has."
        for kind in made.kinds.values()
        for each in kind.properties
        if each.name in {one.name for one in COMPOSITION_PROPERTIES}
    ]
    return found


def _evidence_faults(each: EvidenceType, made: _Registry) -> Iterator[str]:
    if not each.name.endswith(EVIDENCE_ENDING):
        yield f"{each.name}: the name of an evidence type ends in {EVIDENCE_ENDING}."
    if each.feeds not in made.rated:
        yield f"{each.name} feeds {each.feeds!r}, which no record describes."
    elif not made.rated[each.feeds].directed and each.starts != each.ends:
        yield f"{each.name} is undirected, so its ends must be of the same kinds."
    for name in sorted((each.starts | each.ends) - made.kinds.keys()):
        yield f"{each.name} names the kind {name!r}, which no record describes."
    if not each.starts or not each.ends:
        yield f"{each.name} says of no kind that it may stand at an end."
    columns = {column.name: column for column in each.columns}
    if any(columns.get(column.name) != column for column in COUNTED):
        yield f"{each.name} lacks the columns of every evidence type: n and weight."
    if each.counted not in columns:
        yield f"{each.name} counts observations by {each.counted!r}, no column of it."
    needed = [SUPPORT, *each.chance.columns, *([HALF] if each.halved else [])]
    for column in needed:
        if columns.get(column.name) != column:
            yield f"{each.name} lacks the column {column.name!r}, which its odds follow from."
    if each.halved and each.chance.halves is None:
        yield f"{each.name} states no trust, and its null model cannot be halved to measure it."
    if each.silence and each.chance is not LISTED:
        yield f"The silence of {each.name} speaks, but it compares no vectors."
    if each.silence and each.feeds != DEFAULT_RELATION:
        yield f"The silence of {each.name} speaks, which only {DEFAULT_RELATION} takes account of."
    for name in sorted(each.later - columns.keys()):
        yield f"{each.name} names the later column {name!r}, which it does not have."
    for name in sorted(columns.keys() & _RESERVED):
        yield f"{each.name} has a column {name!r}, which says something else on every edge."
    shared = {column.name: column for column in made.columns}
    for column in each.columns:
        if shared[column.name] != column:
            yield f"{each.name} gives the column {column.name!r} another type than another type does."


_RESERVED = frozenset({"edge", "start", "end", "source", "type", "record", "elo"})
"""Names that bundles, plans and exports give to something else, and what tells rated edges."""


def generation() -> int:
    """Return a number that changes whenever the records do."""
    return _registry.generation


def kinds() -> tuple[Kind, ...]:
    """Return all kinds of composition, in the order of the list."""
    return tuple(_registry.kinds.values())


def evidence_types() -> tuple[EvidenceType, ...]:
    """Return all evidence types, in the order of the list."""
    return tuple(_registry.evidence.values())


def rated_types() -> tuple[RatedType, ...]:
    """Return all rated types, in the order of the list."""
    return tuple(_registry.rated.values())


def evidence_columns() -> tuple[Column, ...]:
    """Return the columns of all evidence types, each once."""
    return _registry.columns


def find_kind(name: str) -> Kind:
    """Return the kind of a name; a plain one where none has it, as an edit by hand leaves it."""
    return _registry.kinds.get(name) or Kind(name, "not a kind of the list", len(_registry.kinds))


def kind_of(name: str) -> Kind:
    """Return the kind of a name, else raise UsageError."""
    if name not in _registry.kinds:
        raise UsageError(
            f"No kind of composition is called {name!r}; docs/data-model.md lists them."
        )
    return _registry.kinds[name]


def evidence_type(name: str) -> EvidenceType:
    """Return the evidence type of a name, else raise UsageError."""
    if name not in _registry.evidence:
        raise UsageError(f"No evidence type is called {name!r}; docs/data-model.md lists them.")
    return _registry.evidence[name]


def rated_type(name: str) -> RatedType:
    """Return the rated type of a name, else raise UsageError."""
    if name not in _registry.rated:
        raise UsageError(f"No rated type is called {name!r}; docs/data-model.md lists them.")
    return _registry.rated[name]


def evidence_feeding(rated: str) -> tuple[EvidenceType, ...]:
    """Return the evidence types that feed a rated type, in the order of the list."""
    return tuple(each for each in evidence_types() if each.feeds == rated)


def silent_types() -> tuple[EvidenceType, ...]:
    """Return the evidence types whose silence speaks, in the order of the list."""
    return tuple(each for each in evidence_types() if each.silence)


def is_directed(evidence: EvidenceType) -> bool:
    """Return whether the rows of an evidence type run from start to end."""
    return rated_type(evidence.feeds).directed


def is_evidence(name: str) -> bool:
    """Return whether a name is that of an evidence type, at hand or of another version."""
    return name.endswith(EVIDENCE_ENDING)


def context_evidence() -> str:
    """Return the evidence type whose starts are contexts that a source read on from."""
    return next(each.name for each in evidence_types() if each.contexts)
