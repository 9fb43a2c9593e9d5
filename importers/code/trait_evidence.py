"""Evidence of the traits of a code base's functions: which words describe them, which shapes they have.

A word describes a function by how often, and in what, it occurs there: BM25's term frequency (Robertson
and Zaragoza 2009) over fields of different weight, in [0, 1]. What docstrings call otherwise than code
is evidence of two words: a docstring's word and a word of the names in that function, with the share of
the docstring word's functions that have the other (`EXPRESSED_BY`). A function and its shape are a pair,
so that functions of one shape meet in it, whatever their language and their source.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pyarrow as pa
import scipy.sparse as sp
from numpy.typing import NDArray

from hartonomous.counted_rows import Totals, counted_rows
from hartonomous.extract.checkpoints import FinishedWork
from hartonomous.extract.importer_protocol import PairTrack, ReadyPairs
from hartonomous.extract.search.nearest_neighbours import NeighbourOptions
from hartonomous.held_places import file_place
from hartonomous.progress import Progress
from hartonomous.schema import MICRO, SHAPE, TOKEN, TrackConstants, evidence_type
from importers.code.code_base import CodeBase
from importers.code.code_traits import TRAITS, TRAITS_VERSION, Trait, read_traits, text_words
from importers.code.role_tables import role_table
from importers.code.tree_shapes import SHAPES_VERSION

DESCRIBES, EQUIVALENCE = "DESCRIBES_EVIDENCE", "EQUIVALENCE_EVIDENCE"
EXPRESSION = "EXPRESSION_EVIDENCE"

EVIDENCE_VERSION = 1
"""Part of a source's options: raised when the same traits give other evidence."""

K1, B = 2.5, 0.75
"""BM25's saturation of a word's frequency, and how far it is measured by the length of a function."""

FIELDS: Mapping[Trait, float] = {
    Trait.NAME: 8.0,
    Trait.OWNER: 3.0,
    Trait.IDENTIFIER: 1.0,
    Trait.COMMENT: 0.5,
    Trait.DOCUMENTED: 0.25,
}
"""What a word counts for by where it occurs. Of its own docstring little: most functions have none, and
those that do would be found for anything."""

MODULE, NAMESAKES = 2.0, 1.5
"""What a word of the module's name counts for, and one of the docstrings of functions of the same name."""

NAMESAKE_WORDS = 15
MOST_WORDS = 64
"""Words of one function that are kept: those that tell most."""

MOST_EXPRESSIONS = 30
"""Words that one word of docstrings is expressed by: the likeliest."""

LEAST_G2 = 5.0
"""Log-likelihood ratio from which on a word expresses another: chance gives it to one pair in 40."""

STOP_WORDS = frozenset(
    [
        "a",
        "an",
        "the",
        "of",
        "to",
        "in",
        "is",
        "are",
        "be",
        "and",
        "or",
        "for",
        "if",
        "it",
        "this",
        "that",
        "with",
        "as",
        "by",
        "on",
        "from",
        "not",
        "at",
        "its",
        "into",
        "which",
        "when",
        "will",
        "can",
        "was",
        "were",
        "has",
        "have",
        "may",
        "no",
        "than",
        "then",
        "so",
        "such",
        "but",
        "their",
        "there",
        "these",
        "they",
        "all",
        "any",
        "each",
        "does",
        "do",
        "other",
        "only",
        "also",
        "used",
        "using",
        "use",
        "given",
    ]
)
"""Words that any docstring has."""

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def traits_version(languages: Iterable[str]) -> list[object]:
    """Return what the traits of code and their evidence depend on besides the code."""
    tables = {name: table.digest for name in languages if (table := role_table(name)) is not None}
    return [TRAITS_VERSION, SHAPES_VERSION, EVIDENCE_VERSION, tables]


@dataclass(frozen=True)
class PairCounts:
    """Pairs of rows of compositions, (rows,) int64 each: `n` times, and in micro-units the mean weight."""

    start: Ints
    end: Ints
    n: Ints
    mean: Ints


@dataclass
class TraitEvidence:
    """Words and shapes of a code base as compositions, and their pairs with its symbols.

    Of the functions in `files`, by number, alone where they are given: what files under one licence say
    stands by itself.
    """

    base: CodeBase
    files: Collection[int] | None = None
    texts: list[str] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    places: list[tuple[int, str]] = field(default_factory=list)
    """A composition of `texts`, and where it is."""

    def __post_init__(self) -> None:
        self._traits = _all_traits(self.base, self.files)
        self._number: dict[tuple[str, str], int] = {}
        self.described = self._described()
        self.expressed = self._expressed()
        self.shaped = self._shaped()

    def tracks(self, symbols: Ints, own: Ints) -> tuple[PairTrack, ...]:
        """Return the pairs as tracks; `symbols` and `own` have the composition of each symbol and of
        each of `texts`.
        """
        size = int(max(symbols.max(initial=-1), own.max(initial=-1))) + 1
        ends = {
            DESCRIBES: (self.described, own, symbols),
            EXPRESSION: (self.expressed, own, own),
            EQUIVALENCE: (self.shaped, symbols, own),
        }
        return tuple(
            _track(name, pairs, rows[pairs.start], others[pairs.end], size)
            for name, (pairs, rows, others) in ends.items()
            if len(pairs.n)
        )

    def _described(self) -> PairCounts:
        table = self._traits
        weights, counts = self._words(table, FIELDS)
        module = self._module_words()
        namesakes = self._namesake_words()
        weights = (weights + module * MODULE + namesakes * NAMESAKES).tocsr()
        counts = (counts + module + namesakes).tocsr()
        pairs = _saturated(weights).tocoo()
        n = np.asarray(counts[pairs.row, pairs.col]).ravel().astype(np.int64)
        mean = np.maximum(np.rint(pairs.data * MICRO), 1).astype(np.int64)
        kept = self._kept_words(pairs.col)
        return PairCounts(kept, pairs.row.astype(np.int64), np.maximum(n, 1), mean)

    def _expressed(self) -> PairCounts:
        """Return words of docstrings with words of the names where they stand."""
        said = _ones(self._words(self._traits, {Trait.DOCUMENTED: 1.0})[0])
        named = dict.fromkeys((Trait.NAME, Trait.OWNER, Trait.IDENTIFIER), 1.0)
        documented = np.asarray(said.sum(axis=1)).ravel() > 0
        said = said[documented]
        names = _ones(self._words(self._traits, named)[0])[documented]
        pairs = (said.T @ names).tocoo()
        functions = max(int(documented.sum()), 1)
        often, other = (np.asarray(one.sum(axis=0)).ravel() for one in (said, names))
        chance = often[pairs.row] * other[pairs.col] / functions
        with np.errstate(divide="ignore", invalid="ignore"):
            g2 = 2 * (pairs.data * np.log(pairs.data / chance) - (pairs.data - chance))
        kept = (
            (pairs.data >= 2) & (pairs.data > chance) & (g2 > LEAST_G2) & (pairs.row != pairs.col)
        )
        share = pairs.data / np.maximum(often[pairs.row], 1)
        rows = _likeliest(pairs.row[kept], pairs.col[kept], share[kept], MOST_EXPRESSIONS)
        start, end, data, share = (
            one[kept][rows] for one in (pairs.row, pairs.col, pairs.data, share)
        )
        mean = np.rint(share * MICRO).astype(np.int64)
        return PairCounts(
            self._kept_words(start), self._kept_words(end), data.astype(np.int64), mean
        )

    def _shaped(self) -> PairCounts:
        """Return functions with their shapes and role features, and note where the shapes are."""
        table = self._traits
        of_shapes = np.isin(table.trait, [Trait.SHAPE, Trait.PART, Trait.FEATURE])
        texts = {
            one: self._row(SHAPE, table.texts[one]) for one in np.unique(table.text[of_shapes])
        }
        end = np.array([texts[one] for one in table.text[of_shapes].tolist()], dtype=np.int64)
        start, n = table.symbol[of_shapes], table.n[of_shapes]
        whole = of_shapes & (table.trait != Trait.FEATURE)
        for at in np.flatnonzero(whole).tolist():
            if (place := table.place(at)) is not None:
                self.places.append((texts[int(table.text[at])], place))
        size = len(self.texts)
        pair, sums = _summed(start * size + end, n)
        return PairCounts(pair // size, pair % size, sums, np.full(len(pair), MICRO))

    def _words(
        self, table: _Traits, fields: Mapping[Trait, float]
    ) -> tuple[sp.csr_matrix, sp.csr_matrix]:
        """Return words by function, weighted by field, and how often they occur, (symbols, texts)."""
        told = np.isin(table.trait, list(fields)) & ~table.stops[table.text]
        weight = np.array([fields.get(Trait(one), 0.0) for one in range(len(Trait))])
        n = table.n[told].astype(np.float64)
        at = (table.symbol[told], table.text[told])
        shape = (len(self.base.symbols), len(table.texts))
        return (
            sp.csr_matrix((n * weight[table.trait[told]], at), shape=shape),
            sp.csr_matrix((n, at), shape=shape),
        )

    def _module_words(self) -> sp.csr_matrix:
        """Return the words of the name of each function's module."""
        table, symbols = self._traits, self.base.symbols
        number = table.number
        pairs: set[tuple[int, int]] = set()
        for at, file in enumerate(self.base.files):
            own = symbols.of[at]
            module = symbols.texts[own[0]] if len(own) and own[0] >= 0 else file.name
            words = [number[one] for one in text_words(module.partition(":")[2]) if one in number]
            pairs.update((int(one), word) for one in table.of_file(at) for word in words)
        return self._matrix(pairs)

    def _namesake_words(self) -> sp.csr_matrix:
        """Return for each function the words most frequent in the docstrings of its namesakes."""
        table = self._traits
        said: dict[int, list[int]] = {}
        documented = (table.trait == Trait.DOCUMENTED) & ~table.stops[table.text]
        for at in np.flatnonzero(documented).tolist():
            said.setdefault(int(table.symbol[at]), []).append(int(table.text[at]))
        by_name: dict[str, list[int]] = {}
        for symbol in np.unique(table.symbol).tolist():
            by_name.setdefault(_own_name(self.base.symbols.texts[symbol]), []).append(symbol)
        pairs: set[tuple[int, int]] = set()
        for name, group in by_name.items():
            if name.startswith("__"):
                continue
            counted = Counter(word for one in group for word in said.get(one, ()))
            for symbol in group:
                others = counted - Counter(said.get(symbol, ())) if symbol in said else counted
                best = sorted(others.items(), key=lambda one: (-one[1], table.texts[one[0]]))
                pairs.update((symbol, word) for word, _ in best[:NAMESAKE_WORDS])
        return self._matrix(pairs)

    def _matrix(self, pairs: set[tuple[int, int]]) -> sp.csr_matrix:
        at = np.array(sorted(pairs), dtype=np.int64).reshape(-1, 2)
        shape = (len(self.base.symbols), len(self._traits.texts))
        return sp.csr_matrix((np.ones(len(at)), (at[:, 0], at[:, 1])), shape=shape)

    def _kept_words(self, texts: Ints) -> Ints:
        distinct, place = np.unique(texts, return_inverse=True)
        rows = [self._row(TOKEN, self._traits.texts[one]) for one in distinct.tolist()]
        return np.array(rows, dtype=np.int64)[place.ravel()]

    def _row(self, kind: str, text: str) -> int:
        number = self._number.get((kind, text))
        if number is None:
            number = self._number[kind, text] = len(self.texts)
            self.texts.append(text)
            self.kinds.append(kind)
        return number


@dataclass(frozen=True)
class _Traits:
    """The traits of all functions of a code base, (rows,) each: the symbol, the trait, a text of
    `texts`, how often, the file and the line.
    """

    base: CodeBase
    texts: list[str]
    symbol: Ints
    trait: NDArray[np.int8]
    text: Ints
    n: Ints
    file: Ints
    line: Ints

    @cached_property
    def number(self) -> dict[str, int]:
        return {text: at for at, text in enumerate(self.texts)}

    @cached_property
    def stops(self) -> NDArray[np.bool_]:
        return np.array([text in STOP_WORDS for text in self.texts], dtype=bool)

    def of_file(self, file: int) -> Ints:
        """Return the symbols of a file's functions."""
        low, high = np.searchsorted(self.file, [file, file + 1])
        return np.unique(self.symbol[low:high])

    def place(self, at: int) -> str | None:
        """Return where a row's trait is."""
        return file_place(self.base.files[int(self.file[at])].name, f":{int(self.line[at])}")


def _all_traits(base: CodeBase, chosen: Collection[int] | None) -> _Traits:
    tables: list[pa.Table] = []
    symbols: list[Ints] = []
    files: list[Ints] = []
    for at, file in enumerate(base.files):
        if chosen is not None and at not in chosen:
            continue
        table = read_traits(file.facts)
        own = base.symbols.of[at][table["scope"].to_numpy()].astype(np.int64)
        table = table.filter(pa.array(own >= 0))
        tables.append(table)
        symbols.append(own[own >= 0])
        files.append(np.full(len(table), at, dtype=np.int64))
    every = pa.concat_tables(tables or [TRAITS.empty_table()]).combine_chunks()
    encoded = pa.array(every["text"].to_pylist(), pa.string()).dictionary_encode()
    return _Traits(
        base,
        encoded.dictionary.to_pylist(),
        np.concatenate([np.empty(0, dtype=np.int64), *symbols]),
        every["trait"].to_numpy(),
        encoded.indices.to_numpy().astype(np.int64),
        every["n"].to_numpy().astype(np.int64),
        np.concatenate([np.empty(0, dtype=np.int64), *files]),
        every["line"].to_numpy().astype(np.int64),
    )


def _saturated(weights: sp.csr_matrix) -> sp.csr_matrix:
    """Return BM25's term frequencies in [0, 1], of each function the MOST_WORDS that tell most."""
    length = np.asarray(weights.sum(axis=1)).ravel()
    mean = length[length > 0].mean() if (length > 0).any() else 1.0
    rows = np.repeat(np.arange(weights.shape[0]), np.diff(weights.indptr))
    made = weights.copy()
    made.data = made.data / (made.data + K1 * (1 - B + B * length[rows] / mean))
    functions = int((length > 0).sum())
    having = np.bincount(made.indices, minlength=made.shape[1])
    rarity = np.log1p((functions - having + 0.5) / (having + 0.5))
    kept = _likeliest(rows, made.indices, made.data * rarity[made.indices], MOST_WORDS)
    at = (rows[kept], made.indices[kept])
    return sp.csr_matrix((made.data[kept], at), shape=made.shape)


def _likeliest(group: Ints, other: Ints, value: Floats, most: int) -> Ints:
    """Return the rows of the `most` largest values of each group, ties in the order of `other`."""
    order = np.lexsort((other, -value, group))
    sorted_group = group[order]
    first = np.searchsorted(sorted_group, sorted_group)
    return np.asarray(order[np.arange(len(order)) - first < most], dtype=np.int64)


def _summed(pair: Ints, n: Ints) -> tuple[Ints, Ints]:
    distinct, place = np.unique(pair, return_inverse=True)
    return distinct, np.bincount(place.ravel(), weights=n, minlength=len(distinct)).astype(np.int64)


def _ones(matrix: sp.csr_matrix) -> sp.csr_matrix:
    made = matrix.copy()
    made.data[:] = 1.0
    return made


def _own_name(symbol: str) -> str:
    """Return the last part of a symbol's name.

    >>> _own_name("python:a.B.load"), _own_name("cpp:n::f(int, a::B)"), _own_name("go:net/http.Get")
    ('load', 'f', 'Get')
    """
    whole = symbol.partition(":")[2].partition("(")[0]
    return whole.replace("::", ".").replace("/", ".").rpartition(".")[2]


def _track(name: str, pairs: PairCounts, start: Ints, end: Ints, size: int) -> PairTrack:
    evidence = evidence_type(name)
    if name == EQUIVALENCE:
        start, end = np.minimum(start, end), np.maximum(start, end)
    counts = {"start": start, "end": end, "n": pairs.n, "weight": pairs.n * pairs.mean}

    def observe(
        options: NeighbourOptions, progress: Progress, finished: FinishedWork
    ) -> ReadyPairs:
        totals = Totals(evidence, size)
        totals.add(counts)
        constants = TrackConstants(1, 0, 0, totals.total)
        table = counted_rows(evidence, counts | totals.columns(counts), constants)
        return ReadyPairs(table, 0, 1.0, totals.total)

    return PairTrack(name, ("code",), 0, len(start), observe)
