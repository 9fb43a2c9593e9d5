"""What is to go: selectors as people give them, and what they stand for in a graph."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from hartonomous.ask.neighbourhood import find_word, unknown_source
from hartonomous.errors import Conflict, NotFound, UsageError
from hartonomous.forget.cutting import ranked
from hartonomous.identity import normalise
from hartonomous.schema import MICRO, evidence_type
from hartonomous.store.graph import Graph, Row
from hartonomous.store.holding import holds, needles, split_parts
from hartonomous.store.queries import query

MOST_DEPTH = 4


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


def select(graph: Graph, selectors: Selectors) -> Selection:
    """Return what the selectors stand for.

    Raises NotFound for a name that stands for nothing, UsageError for none given at all.
    """
    if not selectors.described().keys() - {"exact", "any_case", "reach"}:
        raise UsageError("Nothing was selected: name a source, a concept, a person, or evidence.")
    known = {row["name"]: row for row in graph.read(query("ask/sources"))}
    sources = _sources(graph, selectors, known)
    compositions = _compositions(graph, selectors)
    pairs = tuple(_pair(graph, *names) for names in selectors.relations)
    for chosen in selectors.evidence:
        if chosen.source not in known:
            raise unknown_source(graph, chosen.source)
    partial = bool(compositions or pairs or selectors.evidence)
    half = [n for n, row in known.items() if row["state"] != "live" and (partial or n in sources)]
    if half:
        raise Conflict(
            f"Source {half[0]!r} is {known[half[0]]['state']}; finish its ingest, or "
            f"'hartonomous delete source {half[0]}' on its own, before anything else is taken out."
        )
    evidence = tuple(e for e in selectors.evidence if e.source not in sources)
    return Selection(sources, compositions, pairs, evidence)


def _sources(graph: Graph, selectors: Selectors, known: Mapping[str, Row]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in selectors.sources:
        if name not in known:
            raise unknown_source(graph, name)
        found[name] = "named"
    properties = {"subject": selectors.people, "licence": selectors.licences,
                  "family": selectors.families}  # fmt: skip
    for name, values in properties.items():
        for value in values:
            if not value.strip():
                raise UsageError(f"An empty {name} selects nothing.")
            # By equality: user_12345 is neither user_123456 nor user-12345.
            matching = [source for source, row in known.items() if row[name] == value]
            if not matching:
                raise NotFound(f"No source has the {name} {value!r}; 'hartonomous sources' lists.")
            found |= {source: name for source in matching if source not in found}
    return found


def _compositions(graph: Graph, selectors: Selectors) -> tuple[Composition, ...]:
    found: dict[int, Composition] = {}
    for word in selectors.concepts:
        if not word.strip():
            raise UsageError("An empty concept stands for nothing; name a word.")
        for one in find_concept(graph, word, selectors.exact, selectors.any_case):
            found.setdefault(one.id, one)
    if selectors.reach is not None:
        if not found:
            raise UsageError("--reach extends a concept; name one.")
        for one in _reached(graph, list(found.values()), selectors.reach):
            found.setdefault(one.id, one)
    return tuple(found.values())


def find_concept(graph: Graph, word: str, exact: bool, any_case: bool) -> list[Composition]:
    """Return the composition a word stands for and, unless `exact`, every one that holds it.

    The word is taken in the case it is given in, but where only another case is there, in that one.
    A concept that no composition stands for may still be held by some. Raises NotFound for neither.
    """
    spelt = normalise(word)
    rows = candidates(graph, spelt)
    if any_case:
        fold: Callable[[str], str] = str.lower
    elif any(_is_or_holds(row, spelt, str) for row in rows):
        fold = str
    else:
        spelt = find_word(graph, word).text
        rows, fold = candidates(graph, spelt), str
    same = [row for row in rows if fold(row["text"]) == fold(spelt) and row["kind"] != "Context"]
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
        statement = query("delete/reach_by_breadth", rated="RELATES")
        rows = graph.read(statement, ids=ids, depth=int(value), above=0)
        return {row["id"]: f"reached over {row['distance']} rated edges" for row in rows}
    if way == "pagerank" and re.fullmatch(r"0?\.\d+", value) and float(value) > 0:
        found = ranked(graph, ids, float(value))
        return {id: f"reached by {share:.1%} of PageRank" for id, share in found}
    raise UsageError(
        f"--reach {reach!r}: give depth:N, N from 1 to {MOST_DEPTH}, or pagerank:SHARE, "
        "such as pagerank:0.01."
    )


def _pair(graph: Graph, first: str, second: str) -> tuple[Row, Row]:
    found = [find_word(graph, word) for word in (first, second)]
    rows = graph.read(query("ask/find_words"), words=[word.text for word in found])
    return rows[0], rows[1]
