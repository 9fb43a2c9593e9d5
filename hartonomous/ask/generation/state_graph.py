"""State graph: next-token states as one weighted graph, for generating all steps of many texts at
once.

A state is the longest stored context at the end of a text, or its last token. From each state an
edge leads, for each possible next token, to the resulting state; its weight is the token's
probability after the filters. A random walk by weight is a text, with the distribution of the
stepwise generator where nothing depends on earlier tokens than the state's.

The interpolation of next_token_model.py becomes, for all states at once, a recursion over sparse
rows: `explicit` is the part listed by a state's contexts, and `base` the part that every other
token receives from the empty context.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from hartonomous.ask.generation.next_token_model import GENERATING, NextTokenModel
from hartonomous.ask.generation.token_sampling import Filters, likeliest
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph
from hartonomous.schema import MICRO, ORDERS

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

ROWS = 20_000
"""States whose candidates are sorted at once."""


@dataclass(frozen=True)
class States:
    """The N tokens, then the contexts of two tokens and more by length, then the empty context.

    State i has the database id `ids[i]` (-1 if not stored), the last token `last[i]` (-1 for none),
    `order[i]` tokens and `n[i]` visits; `suffix[i]` is the state without the oldest token. All are
    (states,), int64 but for the float64 `n`. `longer` (states, N) int64 is one plus the state of a
    state and an appended token, 0 if that is not stored.
    """

    ids: Ints
    last: Ints
    order: Ints
    suffix: Ints
    n: Floats
    longer: sparse.csr_array

    def of(self, ids: Ints) -> Ints:
        """Return the states (m,) int64 of database ids (m,) int64, all of which must exist."""
        order, ordered = self._by_id
        return np.asarray(order[np.searchsorted(ordered, ids)])

    @cached_property
    def _by_id(self) -> tuple[Ints, Ints]:
        order = np.argsort(self.ids)
        return order, self.ids[order]


@dataclass(frozen=True)
class Edges:
    """Edge j leads from state `start[j]` to state `end[j]` with probability `weight[j]`; (edges,)
    int64, int64, float64.
    """

    start: Ints
    end: Ints
    weight: Floats


def read_states(graph: Graph, expecting: NextTokenModel) -> States:
    """Return the states of the selected sources."""
    sources, tokens = expecting.sources, expecting.ids
    joins = list(graph.stream(query("generation/read_joins"), sources=sources))
    context, prefix, suffix = np.array([row[:3] for row in joins], dtype=np.int64).reshape(-1, 3).T
    last = np.array([expecting.numbered(row[3]) for row in joins], dtype=np.int64)
    length = _lengths(context, prefix, tokens)
    placed = np.argsort(length, kind="stable")
    visits = list(graph.stream(query("generation/read_visited"), sources=sources))
    visited, times = np.array(visits, dtype=np.int64).reshape(-1, 2).T
    bottom = len(tokens) + len(context)
    nothing = np.setdiff1d(visited, np.concatenate([tokens, context]))
    ids = np.concatenate([tokens, context[placed], nothing[:1] if len(nothing) else [-1]])
    places = np.argsort(ids)

    def row(wanted: Ints) -> Ints:
        return np.asarray(places[np.searchsorted(ids[places], wanted)])

    n = np.zeros(len(ids))
    n[row(visited)] = times
    cells = row(prefix), last
    return States(
        ids,
        np.concatenate([np.arange(len(tokens)), last[placed], [-1]]),
        np.concatenate([np.ones(len(tokens), dtype=np.int64), length[placed], [0]]),
        np.concatenate([np.full(len(tokens), bottom), row(suffix[placed]), [bottom]]),
        n,
        sparse.csr_array((row(context) + 1, cells), shape=(len(ids), len(tokens))),
    )


def state_edges(
    graph: Graph,
    expecting: NextTokenModel,
    states: States,
    filters: Filters,
    may: NDArray[np.bool_],
    landing: Floats,
) -> Edges:
    """Return the edges of all states; `filters.top_k` has to limit the tokens after each.

    `may` (N,) bool says which tokens may be generated, `landing` (ORDERS + 1,) float64 the factor
    by the length of the longest stored context that a token leads to.
    """
    counts = _counts(graph, expecting, states)
    explicit, base, bottom = _interpolated(states, counts)
    reached = _reached(states)
    begun = np.where(states.n[: len(expecting)] > 0, 1, 0)
    common = likeliest(bottom * landing[begun] * may, filters.top_k or len(bottom))
    parts = []
    for first in range(0, len(states.ids), ROWS):
        block = slice(first, min(first + ROWS, len(states.ids)))
        rows, tokens, listed, longer = _candidates(explicit[block], reached[block], common)
        follows = np.where(longer > 0, longer - 1, tokens)
        lands = np.where(longer > 0, states.order[follows], begun[tokens])
        shares = (listed + base[block][rows] * bottom[tokens]) * landing[lands] * may[tokens]
        kept, weight = _filtered(rows, shares, filters)
        parts.append((rows[kept] + first, follows[kept], weight))
    start, end, weight = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Edges(start, end, weight)


def _lengths(context: Ints, prefix: Ints, tokens: Ints) -> Ints:
    """Return the number of tokens of each context: one more than its prefix."""
    length = np.zeros(len(context), dtype=np.int64)
    ready = np.sort(tokens)
    for order in range(2, ORDERS + 1):
        found = (length == 0) & np.isin(prefix, ready)
        length[found] = order
        ready = context[found]
    return length


def _counts(graph: Graph, expecting: NextTokenModel, states: States) -> sparse.csr_array:
    """Return the soft counts (states, N) of continuations."""
    starts, ends, counts = [], [], []
    statement = query("generation/read_counts")
    for start, end, weight in graph.stream(statement, sources=expecting.sources):
        starts.append(np.full(len(end), start))
        ends.append(np.array(end, dtype=np.int64))
        counts.append(np.array(weight, dtype=np.float64))
    cells = [states.of(np.concatenate(part)) for part in (starts, ends)]
    values = np.concatenate(counts) / MICRO
    return sparse.csr_array((values, tuple(cells)), shape=states.longer.shape)


def _interpolated(
    states: States, counts: sparse.csr_array
) -> tuple[sparse.csr_array, Floats, Floats]:
    """Return `explicit` (states, N) and `base` (states,), and the distribution of the empty
    context.
    """
    tokens = counts.shape[1]
    gamma = np.array(GENERATING)[states.order]
    total = states.n + gamma
    handed = np.maximum(0.0, total - counts.sum(axis=1)) / total
    own = sparse.csr_array(sparse.diags_array(1.0 / total) @ counts)
    bottom = np.full(tokens, handed[-1] / tokens) + own[[-1]].toarray().ravel()
    base = np.ones(len(total))
    explicit = sparse.csr_array((0, tokens))
    for order in range(1, ORDERS + 1):
        rows = np.flatnonzero(states.order == order)
        base[rows] = handed[rows] * base[states.suffix[rows]]
        part = own[rows]
        if order > 1:
            down = sparse.diags_array(handed[rows]) @ explicit[states.suffix[rows]]
            part = sparse.csr_array(part + down)
        explicit = sparse.csr_array(sparse.vstack([explicit, part]))
    return sparse.csr_array(sparse.vstack([explicit, sparse.csr_array((1, tokens))])), base, bottom


def _reached(states: States) -> sparse.csr_array:
    """Return (states, N) int64: one plus the longest stored context that each state and token lead
    to.
    """
    # Longer contexts come after shorter ones, so the largest number is the longest context.
    reached = states.longer[np.flatnonzero(states.order == 1)]
    for order in range(2, ORDERS + 1):
        rows = np.flatnonzero(states.order == order)
        part = states.longer[rows].maximum(reached[states.suffix[rows]])
        reached = sparse.csr_array(sparse.vstack([reached, part]))
    return sparse.csr_array(sparse.vstack([reached, sparse.csr_array((1, reached.shape[1]))]))


def _candidates(
    explicit: sparse.csr_array, reached: sparse.csr_array, common: Ints
) -> tuple[Ints, Ints, Floats, Ints]:
    """Return row, token, explicit share and next state of all entries that can be among the most
    probable.
    """
    rows, width = explicit.shape
    coded = [_coded(matrix) for matrix in (explicit, reached)]
    everywhere = (np.arange(rows)[:, None] * width + common).ravel()
    codes = np.sort(np.concatenate([*(code for code, _ in coded), everywhere]))
    # NumPy's unique hashes, which takes many times as long as this.
    codes = codes[np.append(True, codes[1:] != codes[:-1])[: len(codes)]]
    values = []
    for code, data in coded:
        found = np.zeros(len(codes), dtype=data.dtype)
        found[np.searchsorted(codes, code)] = data
        values.append(found)
    return codes // width, codes % width, values[0], values[1].astype(np.int64)


def _coded(matrix: sparse.csr_array) -> tuple[Ints, NDArray[np.generic]]:
    cells = matrix.tocoo()
    row, column = (part.astype(np.int64) for part in cells.coords)
    return row * matrix.shape[1] + column, cells.data


def _filtered(rows: Ints, shares: Floats, filters: Filters) -> tuple[Ints, Floats]:
    """Return the remaining candidates and their probabilities, like Filters.apply row by row."""
    order = np.lexsort((-shares, rows))
    order = order[shares[order] > 0]
    rank = _rank(rows[order])
    order = order[rank < (1 if filters.temperature == 0 else filters.top_k or len(rows))]
    row, share = rows[order], shares[order]
    first = np.flatnonzero(_rank(row) == 0)
    length = np.diff(np.append(first, len(row)))
    weight = share / np.repeat(share[first], length)
    if filters.temperature > 0:
        weight = weight ** (1.0 / filters.temperature)
    weight /= np.repeat(_sums(weight, first), length)
    before = np.cumsum(weight) - weight
    before -= np.repeat(before[first], length)
    # A cumulative sum over all rows rounds; that must not remove the first entry of a row.
    kept = (before < filters.top_p) | (_rank(row) == 0)
    order, row, weight = order[kept], row[kept], weight[kept]
    first = np.flatnonzero(_rank(row) == 0)
    weight /= np.repeat(_sums(weight, first), np.diff(np.append(first, len(row))))
    return order, weight


def _rank(rows: Ints) -> Ints:
    """Return each entry's rank in its run of equal rows."""
    new = np.append(True, rows[1:] != rows[:-1])[: len(rows)]
    first = np.flatnonzero(new)
    return np.arange(len(rows)) - np.repeat(first, np.diff(np.append(first, len(rows))))


def _sums(values: Floats, first: Ints) -> Floats:
    return np.add.reduceat(values, first) if len(first) else values[:0]
