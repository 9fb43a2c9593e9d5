"""Structure of a code base: what nobody uses, what depends on itself, layers, hotspots."""

from __future__ import annotations

import re
from collections import defaultdict

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from hartonomous.ask.relations.neighbourhood import unknown_source
from hartonomous.errors import UsageError
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph, Row
from hartonomous.schema import rated_type

TEST = "a test, which a test runner calls"
PROTOCOL = "a method that the language itself calls"
ENTRY = "an entry point"
METHOD = "a method, which a call of an object that is not known may mean"
PUBLIC = "public: code outside may use it"
NONE = "none"

_TEST = re.compile(
    r"(?:^|[./\\_:])tests?(?:$|[./\\_:])|(?:^|[./\\:])[Tt]est[A-Z_]|_test$", re.ASCII
)
_ENTRIES = frozenset({"main", "__main__", "setup", "handler", "init"})


def unused(graph: Graph, source: str, top: int = 100) -> list[Row]:
    """Return definitions that nothing in the source calls or inherits from: `symbol`, `place`, `doubt`.

    `doubt` says why it may be used all the same; those without any come first. Functions that are
    looked up by a name made while running (reflection) look unused.
    """
    contained = _pairs(graph, source, "CONTAINS")
    used = {end for start, end in _pairs(graph, source, "CALLS") if start != end}
    used |= {end for _, end in _pairs(graph, source, "INHERITS")}
    holder = {end: start for start, end in contained}
    modules = {start for start, _ in contained} - holder.keys()
    modules |= {one for pair in _pairs(graph, source, "IMPORTS") for one in pair}
    for one in list(used):
        # Whatever a used thing is in is used.
        while one in holder and holder[one] not in used:
            one = holder[one]
            used.add(one)
    places = _places(graph, source)
    classes = {holder[one] for one in holder if holder[one] in holder} - modules
    rows = [
        {
            "symbol": one,
            "place": places[one],
            "doubt": _doubt(one, places[one], holder[one] in classes),
        }
        for one in sorted(holder)
        if one not in used and one not in modules and one in places
    ]
    return sorted(rows, key=lambda row: (row["doubt"] != NONE, row["doubt"], row["symbol"]))[:top]


def cycles(graph: Graph, source: str, relation: str = "IMPORTS") -> list[Row]:
    """Return groups of symbols that depend on each other, the largest first: `size`, `symbols`."""
    names, _, component = _components(graph, source, relation)
    groups: dict[int, list[str]] = defaultdict(list)
    for name, number in zip(names, component.tolist(), strict=True):
        groups[number].append(name)
    found = [sorted(group) for group in groups.values() if len(group) > 1]
    found.sort(key=lambda group: (-len(group), group))
    return [{"size": len(group), "symbols": group} for group in found]


def layers(graph: Graph, source: str, relation: str = "IMPORTS") -> list[Row]:
    """Return the layer of each symbol by a relation: `layer`, `symbols`.

    0 depends on nothing; each other one is a layer above the highest that it depends on. Those that
    depend on each other are in one layer.
    """
    names, pairs, component = _components(graph, source, relation)
    below: dict[int, set[int]] = defaultdict(set)
    for start, end in pairs:
        if component[start] != component[end]:
            below[int(component[start])].add(int(component[end]))
    level: dict[int, int] = {}
    for number in range(int(component.max(initial=-1)) + 1):
        _set_level(number, below, level)
    found: dict[int, list[str]] = defaultdict(list)
    for name, number in zip(names, component.tolist(), strict=True):
        found[level[number]].append(name)
    return [{"layer": at, "symbols": sorted(found[at])} for at in sorted(found)]


def hotspots(graph: Graph, source: str, top: int = 20) -> list[Row]:
    """Return the symbols through which most runs: `symbol`, `callers`, `callees`, `place`."""
    _known(graph, source)
    return graph.read(query("ask/hotspots"), source=source, top=top)


def _set_level(start: int, below: dict[int, set[int]], level: dict[int, int]) -> None:
    waiting = [start]
    while waiting:
        one = waiting[-1]
        left = [other for other in below[one] if other not in level]
        if one not in level and left:
            waiting.extend(left)
            continue
        waiting.pop()
        level[one] = 1 + max((level[other] for other in below[one]), default=-1)


def _components(
    graph: Graph, source: str, relation: str
) -> tuple[list[str], list[tuple[int, int]], np.ndarray]:
    """Return the symbols that a relation joins, its pairs, and the strong component of each."""
    pairs = _pairs(graph, source, relation)
    names = sorted({one for pair in pairs for one in pair})
    number = {name: at for at, name in enumerate(names)}
    joined = [(number[start], number[end]) for start, end in pairs]
    ends = np.array(joined, dtype=np.int64).reshape(-1, 2)
    size = max(1, len(names))
    matrix = coo_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(size, size))
    _, component = connected_components(matrix, directed=True, connection="strong")
    return names, joined, component[: len(names)]


def _pairs(graph: Graph, source: str, relation: str) -> list[tuple[str, str]]:
    _known(graph, source)
    evidence = f"{rated_type(relation).name}_EVIDENCE"
    rows = graph.read(query("ask/read_symbol_pairs", evidence=evidence), source=source)
    return [(row["start"], row["end"]) for row in rows]


def _places(graph: Graph, source: str) -> dict[str, str]:
    rows = graph.read(query("ask/read_symbol_places"), source=source)
    return {row["symbol"]: row["place"] for row in rows}


def _doubt(symbol: str, place: str, in_class: bool) -> str:
    name = re.split(r"[.:/\\]", symbol.partition("(")[0])[-1]
    if _TEST.search(place.rpartition(":")[0]) or _TEST.search(name):
        return TEST
    if name.startswith("__") and name.endswith("__"):
        return PROTOCOL
    if name in _ENTRIES:
        return ENTRY
    if in_class:
        return METHOD
    return NONE if name.startswith(("_", "<")) else PUBLIC


def _known(graph: Graph, source: str) -> None:
    if not graph.read(query("load/read_source"), name=source):
        raise unknown_source(graph, source)


def relation_of(name: str) -> str:
    """Return the relation that cycles and layers are of; raises UsageError for another."""
    chosen = name.upper()
    if chosen not in ("IMPORTS", "CALLS", "INHERITS"):
        raise UsageError(f"Cycles and layers are of IMPORTS, CALLS or INHERITS, not {name!r}.")
    return chosen
