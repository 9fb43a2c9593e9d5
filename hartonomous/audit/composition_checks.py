"""Checks of compositions: keys against kind and text, folded text, labels."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hartonomous.audit.audit_findings import LISTED, Findings
from hartonomous.evidence import wrong_properties
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph
from hartonomous.identity import composition_key
from hartonomous.schema import PHRASE, UNRATED, kinds

KEY = re.compile(r"[0-9a-f]{32}")
NO_KEY = bytes(16)
"""Replaces an invalid key, so that the digest of its evidence differs."""


@dataclass(frozen=True)
class Compositions:
    """Every composition, as columns in the order of the database ids.

    `ids` (N,) int64 ascending, `keys` (N, 2) uint64, `known` (N,) int32, an index into `classes`.
    """

    ids: NDArray[np.int64]
    keys: NDArray[np.uint64]
    known: NDArray[np.int32]
    classes: tuple[str | None, ...]

    def rows(self, ids: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Return the rows (m,) int64 of database ids (m,) int64, and the mask (m,) of ids without a
        composition.
        """
        rows = np.searchsorted(self.ids, ids)
        rows[rows == len(self.ids)] = 0
        absent = self.ids[rows] != ids if len(self.ids) else np.ones(len(ids), dtype=bool)
        return rows, absent


def check_compositions(
    graph: Graph, found: Findings, settled: bool, names_given: bool
) -> Compositions:
    """Return the compositions; add a finding for each with inconsistent properties.

    While the graph is `settled`, none may be on the work list of a rating pass. `names_given` says
    that this version has written to the graph, so that each has a name.
    """
    ids: list[int] = []
    known: list[int] = []
    keys = bytearray()
    classes: dict[str | None, int] = {}
    folded: list[int] = []
    misnamed: list[int] = []
    unrated = 0
    names = {each.name for each in kinds()}
    rows = graph.stream(query("audit/check_compositions"))
    for id, key, text, kind, of, labels, folds, named, own in rows:
        ids.append(id)
        of = of if isinstance(of, str) or of is None else repr(of)
        known.append(classes.setdefault(of, len(classes)))
        keys += bytes.fromhex(key) if _is_key(key) else NO_KEY
        unrated += UNRATED in labels
        for fault in _faults(key, text, kind, set(labels) - {"Composition", UNRATED, PHRASE}):
            found.add("compositions that contradict themselves", fault)
        said = {name: value for name, value in own.items() if value is not None}
        for fault in wrong_properties(kind, said) if said and kind in names else ():
            found.add(
                "compositions that contradict themselves", f"Composition {text!r} has {fault}."
            )
        if folds is not True:
            folded.append(id)
        if named is not True:
            misnamed.append(id)
    _tell_folded(graph, found, folded)
    if names_given:
        _tell_named(graph, found, misnamed)
    if unrated and settled:
        found.add(
            "work lists",
            f"{unrated:,} compositions are labelled {UNRATED}, though the graph is settled.",
        )
    order = np.argsort(np.array(ids, dtype=np.int64), kind="stable")
    columns = np.frombuffer(bytes(keys), dtype=">u8").astype(np.uint64).reshape(-1, 2)
    return Compositions(
        np.array(ids, dtype=np.int64)[order],
        columns[order],
        np.array(known, dtype=np.int32)[order],
        tuple(classes),
    )


def _is_key(key: object) -> bool:
    return isinstance(key, str) and KEY.fullmatch(key) is not None


def _faults(key: object, text: object, kind: object, labels: set[str]) -> list[str]:
    """Return the faults of a composition's key, text, kind and labels."""
    if not isinstance(text, str):
        return [f"Composition {key}: text is {text!r}, which is not valid."]
    named = f"Composition {text!r}"
    meant = composition_key(str(kind), text)
    if not _is_key(key):
        return [f"{named}: key {str(key)[:40]!r} is not 32 hexadecimal digits, expected {meant}."]
    right = [one for one in sorted({str(kind), *labels}) if composition_key(one, text) == key]
    if not right:
        return [f"{named}: key {key} does not match its kind and text, expected {meant}."]
    faults = []
    if kind != right[0]:
        faults.append(f"{named}: kind is {kind!r}, expected {right[0]!r}.")
    if labels != set(right):
        faults.append(f"{named}: labels are {sorted(labels)}, expected {right}.")
    return faults


def _tell_folded(graph: Graph, found: Findings, ids: list[int]) -> None:
    rows = graph.read(query("audit/read_folded"), ids=ids[:LISTED]) if ids else []
    texts = [
        f"Composition {row['text']!r}: folded is {row['folded']!r}, expected {row['expected']!r}."
        for row in rows
    ]
    found.add_many("compositions with a wrong folded text", texts, len(ids))


def _tell_named(graph: Graph, found: Findings, ids: list[int]) -> None:
    rows = graph.read(query("audit/read_odd_names"), ids=ids[:LISTED]) if ids else []
    texts = [
        f"Composition {row['text']!r}: name is {row['name']!r}, expected {row['expected']!r}."
        for row in rows
    ]
    found.add_many("compositions with a wrong name", texts, len(ids))
