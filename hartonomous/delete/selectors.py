"""Selectors of a removal, and the rows of a graph that they match."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hartonomous.ask.relations.neighbourhood import find_word, unknown_source
from hartonomous.delete.connectivity_impact import ranked
from hartonomous.errors import Conflict, NotFound, UsageError
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph, Row
from hartonomous.identity import normalise
from hartonomous.load.concept_match import Wanted, name_parts, split_parts
from hartonomous.schema import (
    DEFAULT_RELATION,
    MICRO,
    evidence_type,
    find_kind,
    is_directed,
    rated_type,
)

MOST_DEPTH = 4

PROPERTIES = {"people": "subject", "licences": "licence", "families": "family"}
"""Selectors that match sources by a property, with the property."""


@dataclass(frozen=True)
class EvidenceRange:
    """Evidence of one source and type with a mean weight in [least, most], in micro-units."""

    source: str
    evidence: str
    least: int = 0
    most: int = MICRO


@dataclass(frozen=True)
class Selectors:
    """The selectors of one removal.

    `types` are the rated types that `relations` and `reach` keep to: all of a pair's, and RELATES,
    where none is named. A named type with a direction is followed from the first word to the second.
    """

    sources: tuple[str, ...] = ()
    concepts: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    licences: tuple[str, ...] = ()
    families: tuple[str, ...] = ()
    relations: tuple[tuple[str, str], ...] = ()
    evidence: tuple[EvidenceRange, ...] = ()
    exact: bool = False
    any_case: bool = False
    reach: str | None = None
    depicting: bool = False
    types: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in self.types:
            rated_type(name)

    def described(self) -> dict[str, Any]:
        """Return the given selectors, for a plan."""
        return {name: value for name, value in asdict(self).items() if value}

    def named(self) -> tuple[str, ...]:
        """Return the words, names and ids in the selectors."""
        return (*self.sources, *self.concepts, *self.people)


@dataclass(frozen=True)
class Composition:
    """A selected composition and the reason: `concept`, `holds it` (it contains the concept),
    `depicts it`, or how it was reached.
    """

    id: int
    key: str
    text: str
    kind: str
    why: str


@dataclass(frozen=True)
class Selection:
    """The matches of selectors in one graph: whole sources by name and reason, compositions, pairs,
    of these rated types or of all.
    """

    sources: Mapping[str, str] = field(default_factory=dict)
    compositions: tuple[Composition, ...] = ()
    pairs: tuple[tuple[Row, Row], ...] = ()
    evidence: tuple[EvidenceRange, ...] = ()
    types: tuple[str, ...] = ()


class Elsewhere(Protocol):
    """Copies outside the live graph: an erasure proceeds with them, where a deletion finds nothing."""

    def contains(self, kind: str, value: Any) -> bool:
        """Return whether a copy has a selector's value; `kind` is a field of Selectors."""

    def knew(self, word: str) -> bool:
        """Return whether a word in this spelling is stored or was erased, so that no other spelling
        is meant.
        """

    def nothing(self, kind: str, value: Any) -> str:
        """Return sentences on where nothing was found, and what is out of reach."""


def evidence_range(
    source: str, evidence: str, least: float | None, most: float | None
) -> EvidenceRange:
    """Return a range of mean weights, given as numbers from 0 to 1.

    Raises UsageError for bounds outside, or in the wrong order.
    """
    low, high = (0.0 if least is None else least), (1.0 if most is None else most)
    if not 0.0 <= low <= high <= 1.0:
        raise UsageError(f"Weights must be between 0 and 1, the least first; not {low} to {high}.")
    return EvidenceRange(
        source, evidence_type(evidence).name, round(low * MICRO), round(high * MICRO)
    )


_SUBJECTS = {
    "sources": "source",
    "concepts": "concept",
    "people": "person",
    "licences": "licence",
    "families": "family",
}


def subjects_of(described: Mapping[str, Any]) -> list[str]:
    """Return the subjects of selectors as the log writes them: `kind:name`, each once.

    >>> subjects_of({"sources": ["glove"], "relations": [["king", "queen"]]})
    ['source:glove', 'relation:king queen']
    """
    found = [
        f"{kind}:{name}" for field, kind in _SUBJECTS.items() for name in described.get(field, ())
    ]
    found += [f"relation:{start} {end}" for start, end in described.get("relations", ())]
    found += [f"source:{part['source']}" for part in described.get("evidence", ())]
    return list(dict.fromkeys(found))


def selectors_of(described: Mapping[str, Any]) -> Selectors:
    """Return the selectors of `Selectors.described`, or of its JSON."""
    values = {name: _tuples(value) for name, value in described.items()}
    ranges = tuple(EvidenceRange(**one) for one in described.get("evidence", ()))
    return Selectors(**{**values, "evidence": ranges})


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list | tuple) else value


def select(graph: Graph, selectors: Selectors, elsewhere: Elsewhere | None = None) -> Selection:
    """Return the matches of selectors in the graph; with `elsewhere`, there may be none.

    Raises NotFound for a selector without a match, UsageError without selectors.
    """
    if not selectors.described().keys() - {"exact", "any_case", "reach", "depicting", "types"}:
        raise UsageError("Nothing is selected: name a source, a concept, a person, or evidence.")
    known = {row["name"]: row for row in graph.read(query("ask/sources"))}
    sources = _sources(graph, selectors, known, elsewhere)
    compositions = _compositions(graph, selectors, elsewhere)
    pairs = tuple(
        pair
        for names in selectors.relations
        if (pair := _pair(graph, names, elsewhere)) is not None
    )
    for chosen in selectors.evidence:
        if chosen.source not in known:
            _accept(elsewhere, "evidence", chosen, unknown_source(graph, chosen.source))
    partial = bool(compositions or pairs or selectors.evidence)
    half = [n for n, row in known.items() if row["state"] != "live" and (partial or n in sources)]
    if half:
        raise Conflict(
            f"Source {half[0]!r} is {known[half[0]]['state']}; finish its ingest, or run "
            f"'hartonomous delete source {half[0]}' alone, before any other removal."
        )
    evidence = tuple(e for e in selectors.evidence if e.source not in sources and e.source in known)
    return Selection(sources, compositions, pairs, evidence, selectors.types)


def _accept(elsewhere: Elsewhere | None, kind: str, value: Any, error: NotFound) -> None:
    """Raise the error for a selector without a match in the graph, unless a copy outside has it."""
    if elsewhere is None:
        raise error
    if not elsewhere.contains(kind, value):
        raise NotFound(f"{error} {elsewhere.nothing(kind, value)}", error.suggestions)


def refuse_empty(
    selection: Selection, rows: Mapping[str, pa.Table], elsewhere: Elsewhere | None
) -> None:
    """Raise NotFound for a pair or a range without evidence in the graph or elsewhere.

    `rows` are the selected ones, by type, with the columns of `removed_rows.row_schema`; ends are
    database ids.
    """
    for low, high in selection.pairs:
        pair = low["id"], high["id"]
        if not any(between(t, pair, name, selection.types).any() for name, t in rows.items()):
            names = low["text"], high["text"]
            by = f" of {' or '.join(selection.types)}" if selection.types else ""
            error = NotFound(f"There is no evidence{by} between {names[0]!r} and {names[1]!r}.")
            _accept(elsewhere, "relations", names, error)
    for one in selection.evidence:
        table = rows.get(one.evidence)
        if table is None or not within(table, one).any():
            error = NotFound(f"{one.source!r} has no {one.evidence} in that range.")
            _accept(elsewhere, "evidence", one, error)


def between(
    table: pa.Table, pair: tuple[int, int], evidence: str, types: Sequence[str]
) -> NDArray[np.bool_]:
    """Return the mask (rows,) bool of rows of an evidence type, columns `start` and `end`, that run
    between a pair: in both directions, or where `types` name a directed type that it feeds, from the
    first to the second.
    """
    start, end = table["start"].to_numpy(), table["end"].to_numpy()
    if not relates(evidence, types):
        return np.zeros(len(start), dtype=bool)
    there = (start == pair[0]) & (end == pair[1])
    if not one_way(evidence, types):
        there |= (start == pair[1]) & (end == pair[0])
    return np.asarray(there, dtype=bool)


def relates(evidence: str, types: Sequence[str]) -> bool:
    """Return whether an evidence type feeds one of these rated types; any, if there are none."""
    return not types or evidence_type(evidence).feeds in types


def one_way(evidence: str, types: Sequence[str]) -> bool:
    """Return whether a pair's evidence is followed in its direction: where its type is named."""
    return bool(types) and is_directed(evidence_type(evidence))


def within(table: pa.Table, one: EvidenceRange) -> NDArray[np.bool_]:
    """Return the mask (rows,) bool of rows of evidence, columns `source`, `n` and `weight`, in a
    range.
    """
    n, weight = table["n"].to_numpy().astype(np.int64), table["weight"].to_numpy()
    own = np.array(table["source"].to_pylist(), dtype=object) == one.source
    return np.asarray(own & (one.least * n <= weight) & (weight <= one.most * n), dtype=bool)


def _sources(
    graph: Graph,
    selectors: Selectors,
    known: Mapping[str, Row],
    elsewhere: Elsewhere | None,
) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in selectors.sources:
        if name not in known:
            _accept(elsewhere, "sources", name, unknown_source(graph, name))
            continue
        found[name] = "named"
    for field_name, name in PROPERTIES.items():
        for value in getattr(selectors, field_name):
            if not value.strip():
                raise UsageError(f"An empty {name} selects nothing.")
            # By equality: user_12345 is neither user_123456 nor user-12345.
            matching = [source for source, row in known.items() if row[name] == value]
            if not matching:
                error = NotFound(
                    f"No source has the {name} {value!r}; 'hartonomous sources' lists the sources."
                )
                _accept(elsewhere, field_name, value, error)
            found |= {source: name for source in matching if source not in found}
    return found


def _compositions(
    graph: Graph, selectors: Selectors, elsewhere: Elsewhere | None
) -> tuple[Composition, ...]:
    found: dict[int, Composition] = {}
    for word in selectors.concepts:
        if not word.strip():
            raise UsageError("The concept is empty; name a word.")
        other_case = elsewhere is None or not elsewhere.knew(word)
        try:
            same = find_concept(graph, word, selectors.exact, selectors.any_case, other_case)
        except NotFound as error:
            _accept(elsewhere, "concepts", word, error)
            continue
        for one in same:
            found.setdefault(one.id, one)
    if selectors.depicting:
        if not selectors.concepts:
            raise UsageError("--depicting extends a concept; name a concept.")
        for row in graph.read(query("delete/find_depicting"), ids=list(found)):
            found.setdefault(row["id"], Composition(**row, why="depicts it"))
    if selectors.reach is not None and (found or elsewhere is None or not selectors.concepts):
        if not found:
            raise UsageError("--reach extends a concept; name a concept.")
        for one in _reached(graph, list(found.values()), selectors):
            found.setdefault(one.id, one)
    return tuple(found.values())


def find_concept(
    graph: Graph, word: str, exact: bool, any_case: bool, other_case: bool = True
) -> list[Composition]:
    """Return the composition of a word and, unless `exact`, every composition that contains it.

    The match is case-sensitive, unless only another case exists and `other_case` allows it. The
    concept itself may have no composition, but others that contain it. Raises NotFound for neither.
    """
    spelt = normalise(word)
    rows = candidates(graph, spelt)
    fold: Callable[[str], str] = str.lower if any_case else str
    if not any_case and not any(_is_or_holds(row, spelt) for row in rows):
        if not other_case:
            raise NotFound(f"No source knows {word!r} in this spelling.")
        spelt = find_word(graph, word).text
        rows = candidates(graph, spelt)
    same = [
        row for row in rows if fold(row["text"]) == fold(spelt) and find_kind(row["kind"]).connected
    ]
    found = [Composition(**row, why="concept") for row in same]
    if not exact:
        wanted = Wanted.of([spelt], any_case)
        found += [
            Composition(**row, why="holds it")
            for row in rows
            if row not in same
            and (fold(row["text"]) == fold(spelt) or wanted.is_in(row["text"], row["kind"]))
        ]
    if not found:
        raise NotFound(
            f"There is no composition {word!r}; omit --exact to remove those that contain it."
        )
    return sorted(found, key=lambda one: (one.why, one.kind, one.text))


def _is_or_holds(row: Row, word: str) -> bool:
    return bool(row["text"] == word) or Wanted.of([word]).is_in(row["text"], row["kind"])


def candidates(graph: Graph, word: str) -> list[Row]:
    """Return the compositions that may contain a word in any case, found by its longest part, whole
    or split into pieces at any point; identifiers by the longest of its parts as an identifier.
    """
    part = max(re.findall(r"\w+", word), key=len, default=word.split()[0])
    of_name = max(name_parts(word), key=len, default=part)
    return graph.read(
        query("delete/find_holding"), parts=[part, *split_parts(part)], of_name=of_name
    )


def _reached(
    graph: Graph, start: Sequence[Composition], selectors: Selectors
) -> Iterable[Composition]:
    types = selectors.types or (DEFAULT_RELATION,)
    why = _reasons(graph, [one.id for one in start], selectors.reach or "", types)
    for row in graph.read(query("delete/read_compositions_alone"), ids=list(why)):
        yield Composition(row["id"], row["key"], row["text"], row["kind"], why[row["id"]])


def _reasons(graph: Graph, ids: list[int], reach: str, types: tuple[str, ...]) -> dict[int, str]:
    """Return the reached compositions, by database id, and how each was reached, whatever the
    direction of the relations.
    """
    way, _, value = reach.partition(":")
    if way == "depth" and value.isdecimal() and 1 <= int(value) <= MOST_DEPTH:
        statement = query("delete/reach_by_breadth", types=types)
        rows = graph.read(statement, ids=ids, depth=int(value), above=0)
        return {row["id"]: f"reached over {row['distance']} rated edges" for row in rows}
    if way == "pagerank" and re.fullmatch(r"0?\.\d+", value) and float(value) > 0:
        found = ranked(graph, ids, float(value), types)
        return {id: f"reached by {share:.1%} of PageRank" for id, share in found}
    raise UsageError(
        f"--reach {reach!r}: give depth:N, N from 1 to {MOST_DEPTH}, or pagerank:SHARE, "
        "such as pagerank:0.01."
    )


def _pair(
    graph: Graph, names: tuple[str, str], elsewhere: Elsewhere | None
) -> tuple[Row, Row] | None:
    try:
        found = [find_word(graph, word) for word in names]
        for word, one in zip(names, found, strict=True):
            if not one.exact and elsewhere is not None and elsewhere.knew(word):
                raise NotFound(f"No source knows {word!r} in this spelling.")
    except NotFound as error:
        _accept(elsewhere, "relations", names, error)
        return None
    rows = graph.read(query("ask/find_words"), words=[word.text for word in found])
    return rows[0], rows[1]
