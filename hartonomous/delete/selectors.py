"""What is to go: selectors as people give them, and what they stand for in a graph."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from hartonomous.ask.relations.neighbourhood import find_word, unknown_source
from hartonomous.delete.connectivity_impact import ranked
from hartonomous.errors import Conflict, NotFound, UsageError
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph, Row
from hartonomous.identity import normalise
from hartonomous.load.concept_match import holds, needles, split_parts
from hartonomous.schema import DEFAULT_RELATION, MICRO, evidence_type, kind_of

MOST_DEPTH = 4

PROPERTIES = {"people": "subject", "licences": "licence", "families": "family"}
"""Selectors that take sources by a property, and the property."""


@dataclass(frozen=True)
class EvidenceRange:
    """Evidence of one source and type whose mean weight lies in [least, most], in micro-units."""

    source: str
    evidence: str
    least: int = 0
    most: int = MICRO


@dataclass(frozen=True)
class Selectors:
    """What a person asked to have removed; several kinds together are one removal."""

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

    def described(self) -> dict[str, Any]:
        """Return the selectors that were given, for a plan."""
        return {name: value for name, value in asdict(self).items() if value}

    def named(self) -> tuple[str, ...]:
        """Return the words, names and ids that were given."""
        return (*self.sources, *self.concepts, *self.people)


@dataclass(frozen=True)
class Composition:
    """A composition that goes, and why: `concept`, `holds it`, or how it was reached."""

    id: int
    key: str
    text: str
    kind: str
    why: str


@dataclass(frozen=True)
class Selection:
    """What selectors stand for in one graph: whole sources by name and why, compositions, pairs."""

    sources: Mapping[str, str] = field(default_factory=dict)
    compositions: tuple[Composition, ...] = ()
    pairs: tuple[tuple[Row, Row], ...] = ()
    evidence: tuple[EvidenceRange, ...] = ()


class Elsewhere(Protocol):
    """What is held outside the live graph: an erasure goes on where a deletion finds nothing."""

    def holds(self, kind: str, value: Any) -> bool:
        """Return whether anything is held of a selector's value; `kind` is a field of Selectors."""

    def knew(self, word: str) -> bool:
        """Return whether a word spelt so is held, or was erased: no other spelling is meant then."""

    def nothing(self, kind: str, value: Any) -> str:
        """Return the sentences that say where nothing was found, and what is not within reach."""


def evidence_range(
    source: str, evidence: str, least: float | None, most: float | None
) -> EvidenceRange:
    """Return a range of mean weights given as numbers from 0 to 1.

    Raises UsageError for bounds outside, or the wrong way round.
    """
    low, high = (0.0 if least is None else least), (1.0 if most is None else most)
    if not 0.0 <= low <= high <= 1.0:
        raise UsageError(f"Weights lie between 0 and 1, least before most; not {low} to {high}.")
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
    """Return what selectors are about, as the log writes it: `kind:name`, each once.

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
    """Return the selectors that `Selectors.described` told, or JSON of it."""
    values = {name: _tuples(value) for name, value in described.items()}
    ranges = tuple(EvidenceRange(**one) for one in described.get("evidence", ()))
    return Selectors(**{**values, "evidence": ranges})


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list | tuple) else value


def select(graph: Graph, selectors: Selectors, elsewhere: Elsewhere | None = None) -> Selection:
    """Return what the selectors stand for in the graph; with `elsewhere`, that may be nothing.

    Raises NotFound for a name that stands for nothing, UsageError for none given at all.
    """
    if not selectors.described().keys() - {"exact", "any_case", "reach"}:
        raise UsageError("Nothing was selected: name a source, a concept, a person, or evidence.")
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
            f"Source {half[0]!r} is {known[half[0]]['state']}; finish its ingest, or "
            f"'hartonomous delete source {half[0]}' on its own, before anything else is taken out."
        )
    evidence = tuple(e for e in selectors.evidence if e.source not in sources and e.source in known)
    return Selection(sources, compositions, pairs, evidence)


def _accept(elsewhere: Elsewhere | None, kind: str, value: Any, error: NotFound) -> None:
    """Raise the error that says that something is not in the graph, unless it is held elsewhere."""
    if elsewhere is None:
        raise error
    if not elsewhere.holds(kind, value):
        raise NotFound(f"{error} {elsewhere.nothing(kind, value)}", error.suggestions)


def refuse_empty(
    selection: Selection, rows: Mapping[str, pa.Table], elsewhere: Elsewhere | None
) -> None:
    """Raise NotFound for a pair or a range of which there is no evidence, here or elsewhere.

    `rows` are those that go, by type, their ends as database ids.
    """
    for low, high in selection.pairs:
        ends = pa.array([low["id"], high["id"]])
        if not any(
            pc.any(pc.and_(pc.is_in(t["start"], ends), pc.is_in(t["end"], ends))).as_py()
            for t in rows.values()
        ):
            names = low["text"], high["text"]
            error = NotFound(f"No evidence joins {names[0]!r} and {names[1]!r}.")
            _accept(elsewhere, "relations", names, error)
    for one in selection.evidence:
        table = rows.get(one.evidence)
        if table is None or not within(table, one).any():
            error = NotFound(f"{one.source!r} has no {one.evidence} in that range.")
            _accept(elsewhere, "evidence", one, error)


def within(table: pa.Table, one: EvidenceRange) -> NDArray[np.bool_]:
    """Return which rows of evidence, columns `source`, `n` and `weight`, lie in a range."""
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
                    f"No source has the {name} {value!r}; 'hartonomous sources' lists."
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
            raise UsageError("An empty concept stands for nothing; name a word.")
        other_case = elsewhere is None or not elsewhere.knew(word)
        try:
            same = find_concept(graph, word, selectors.exact, selectors.any_case, other_case)
        except NotFound as error:
            _accept(elsewhere, "concepts", word, error)
            continue
        for one in same:
            found.setdefault(one.id, one)
    if selectors.reach is not None and (found or elsewhere is None or not selectors.concepts):
        if not found:
            raise UsageError("--reach extends a concept; name one.")
        for one in _reached(graph, list(found.values()), selectors.reach):
            found.setdefault(one.id, one)
    return tuple(found.values())


def find_concept(
    graph: Graph, word: str, exact: bool, any_case: bool, other_case: bool = True
) -> list[Composition]:
    """Return the composition a word stands for and, unless `exact`, every one that holds it.

    The word is taken in the case it is given in, but where only another case is there, and
    `other_case` allows it, in that one. A concept that no composition stands for may still be held by
    some. Raises NotFound for neither.
    """
    spelt = normalise(word)
    rows = candidates(graph, spelt)
    if any_case:
        fold: Callable[[str], str] = str.lower
    elif any(_is_or_holds(row, spelt, str) for row in rows):
        fold = str
    elif not other_case:
        raise NotFound(f"No source knows {word!r} spelt so.")
    else:
        spelt = find_word(graph, word).text
        rows, fold = candidates(graph, spelt), str
    same = [
        row for row in rows if fold(row["text"]) == fold(spelt) and kind_of(row["kind"]).connected
    ]
    found = [Composition(**row, why="concept") for row in same]
    if not exact:
        found += [
            Composition(**row, why="holds it")
            for row in rows
            if row not in same and _is_or_holds(row, spelt, fold)
        ]
    if not found:
        raise NotFound(f"No composition is {word!r} itself; without --exact, what holds it goes.")
    return sorted(found, key=lambda one: (one.why, one.kind, one.text))


def _is_or_holds(row: Row, word: str, fold: Callable[[str], str]) -> bool:
    text = fold(row["text"])
    return text == fold(word) or holds(text, row["kind"], needles(fold(word)))


def candidates(graph: Graph, word: str) -> list[Row]:
    """Return the compositions that may hold a word in whatever case, found by its longest part,
    whole or cut into pieces anywhere."""
    part = max(re.findall(r"\w+", word), key=len, default=word.split()[0])
    return graph.read(query("delete/find_holding"), parts=[part, *split_parts(part)])


def _reached(graph: Graph, start: Sequence[Composition], reach: str) -> Iterable[Composition]:
    why = _reasons(graph, [one.id for one in start], reach)
    for row in graph.read(query("delete/read_compositions_alone"), ids=list(why)):
        yield Composition(**row, why=why[row["id"]])


def _reasons(graph: Graph, ids: list[int], reach: str) -> dict[int, str]:
    """Return the compositions that are reached, by database id, and how."""
    way, _, value = reach.partition(":")
    if way == "depth" and value.isdecimal() and 1 <= int(value) <= MOST_DEPTH:
        statement = query("delete/reach_by_breadth", rated=DEFAULT_RELATION)
        rows = graph.read(statement, ids=ids, depth=int(value), above=0)
        return {row["id"]: f"reached over {row['distance']} rated edges" for row in rows}
    if way == "pagerank" and re.fullmatch(r"0?\.\d+", value) and float(value) > 0:
        found = ranked(graph, ids, float(value))
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
                raise NotFound(f"No source knows {word!r} spelt so.")
    except NotFound as error:
        _accept(elsewhere, "relations", names, error)
        return None
    rows = graph.read(query("ask/find_words"), words=[word.text for word in found])
    return rows[0], rows[1]
