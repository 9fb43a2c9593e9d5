"""Word rows: words as sparse rows of their relations, for queries of many pairs at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph, Row

WORDS_AT_ONCE = 200

Said = tuple[str, NDArray[np.int64], NDArray[np.int64]]
"""A word's key, the database ids of its neighbours, and the value of each."""


@dataclass(frozen=True)
class WordRows:
    """Rows of integers by word.

    `matrix` (words, compositions) int64 has the values, `related` of the same shape is 1 for each
    pair. `place[word]` is the word's row, absent for unknown words; `column` (words,) int64 is the
    column of the composition of each row's word.
    """

    place: dict[str, int]
    column: NDArray[np.int64]
    matrix: sparse.csr_array
    related: sparse.csr_array

    def said(
        self, first: NDArray[np.int64], second: NDArray[np.int64], silence: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """Return the values (m,) int64 of pairs of words, given by rows `first` and `second` (m,);
        `silence` (m,) for pairs without one.
        """
        if not len(first):
            return silence
        column = self.column[second]
        said = np.asarray(self.matrix[first, column]).astype(np.int64).ravel()
        return np.where(np.asarray(self.related[first, column]).ravel() > 0, said, silence)

    def overlap(self) -> sparse.csr_array:
        """Return the rows for cosines, (words, compositions) float64: the positive values, and the
        row's maximum at the word itself, scaled to length one.
        """
        positive = self.matrix.maximum(0).tocsr().astype(np.float64)
        highest = positive.max(axis=1).toarray().ravel()
        own = sparse.csr_array(
            (highest, (np.arange(len(highest)), self.column)), shape=positive.shape
        )
        rows = (positive + own).tocsr()
        lengths = np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1)).ravel())
        lengths[lengths == 0] = 1.0
        return sparse.csr_array(sparse.diags_array(1.0 / lengths) @ rows)


def find_words(graph: Graph, words: Iterable[str]) -> dict[str, Row]:
    """Return key and id of the composition of each word; unknown words are left out."""
    asked = sorted(set(words))
    found: dict[str, Row] = {}
    for first in range(0, len(asked), WORDS_AT_ONCE):
        part = asked[first : first + WORDS_AT_ONCE]
        rows = graph.read(query("ask/find_words"), words=part)
        found |= {word: row for word, row in zip(part, rows, strict=True) if row["key"]}
    return found


def consensus_rows(graph: Graph, found: dict[str, Row]) -> WordRows:
    """Return the words' decades."""
    return word_rows(found, read_decades(graph, found))


def read_decades(graph: Graph, found: dict[str, Row]) -> Iterator[Said]:
    """Return the decades of each word's relations."""
    return _read(graph, found, query("ask/read_rows"), lambda row: row["decades"])


def elo_rows(graph: Graph, found: dict[str, Row]) -> WordRows:
    """Return the words' elo above 1500, in thousandths."""
    said = _read(
        graph,
        found,
        query("ask/read_rows"),
        lambda row: [round(1000 * (elo - 1500)) for elo in row["elos"]],
    )
    return word_rows(found, said)


def track_rows(graph: Graph, found: dict[str, Row], source: str, evidence: str) -> WordRows:
    """Return the support of one track."""
    statement = query("ask/read_track_rows", evidence=evidence)
    said = _read(graph, found, statement, lambda row: row["supports"], source=source)
    return word_rows(found, said)


def _read(
    graph: Graph,
    found: dict[str, Row],
    statement: str,
    values: Callable[[Row], Sequence[int]],
    **parameters: str,
) -> Iterator[Said]:
    keys = sorted({row["key"] for row in found.values()})
    for first in range(0, len(keys), WORDS_AT_ONCE):
        part = keys[first : first + WORDS_AT_ONCE]
        for row in graph.read(statement, keys=part, **parameters):
            others = np.asarray(row["others"], dtype=np.int64)
            yield row["key"], others, np.asarray(values(row), dtype=np.int64)


def word_rows(found: dict[str, Row], said: Iterable[Said]) -> WordRows:
    """Return values of words as rows; words whose key has no values get empty rows."""
    ids = {row["key"]: row["id"] for row in found.values()}
    keys = sorted(ids)
    place = {key: number for number, key in enumerate(keys)}
    rows: list[NDArray[np.int64]] = []
    columns: list[NDArray[np.int64]] = []
    values: list[NDArray[np.int64]] = []
    for key, others, told in said:
        rows.append(np.full(len(others), place[key]))
        columns.append(others)
        values.append(told)
    own = np.array([ids[key] for key in keys], dtype=np.int64)
    every = np.unique(np.concatenate([own, *columns]))
    index = np.searchsorted(every, np.concatenate([*columns, own[:0]]))
    cells = np.concatenate([*rows, own[:0]]), index
    shape = len(keys), len(every)
    matrix = sparse.csr_array((np.concatenate([*values, own[:0]]), cells), shape=shape)
    related = sparse.csr_array((np.ones(len(index), dtype=np.int8), cells), shape=shape)
    words = {word: place[row["key"]] for word, row in found.items()}
    return WordRows(words, np.searchsorted(every, own), matrix, related)
