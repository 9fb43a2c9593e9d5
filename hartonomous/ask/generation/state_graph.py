"""Next-token states as one weighted graph: what a stepwise generator does at each step, for all at once.

A state is the longest stored context that a text ends in, or its last token. From each state an edge
leads, for each token that may come next, to the state the text is then in; its weight is the token's
probability after the filters. So a walk by weight is a text, drawn as the stepwise generator draws it
where nothing depends on what came before the state.

The interpolation of expecting.py is, for all states at once, a recursion over sparse rows: what a
state's contexts list explicitly is `explicit`, and `base` is the part of the distribution after any
tokens that every other token keeps.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from hartonomous.ask.generation.next_token_model import GENERATING, Expecting
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
    """The N tokens, then the contexts of two tokens and more by their length, then that of none.

    State i has the database's id `ids[i]`, -1 where it is not stored, ends in token `last[i]`, -1
    for none, and was read on from `n[i]` times; `suffix` is the state without the oldest token.
    `longer` (states, N) is the state that a state and a token make together, plus one, where that
    is stored.
    """

    ids: Ints
    last: Ints
    order: Ints
    suffix: Ints
    n: Floats
    longer: sparse.csr_array

    def of(self, ids: Ints) -> Ints:
        """Return the states of database ids, which must be among them."""
        order, ordered = self._by_id
        return np.asarray(order[np.searchsorted(ordered, ids)])

    @cached_property
    def _by_id(self) -> tuple[Ints, Ints]:
        order = np.argsort(self.ids)
        return order, self.ids[order]


@dataclass(frozen=True)
class Edges:
    """Edge j goes from state `start[j]` to state `end[j]` with probability `weight[j]`."""

    start: Ints
    end: Ints
    weight: Floats


def read_states(graph: Graph, expecting: Expecting) -> States:
    """Return the states of the sources at hand."""
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
    expecting: Expecting,
    states: States,
    filters: Filters,
    may: NDArray[np.bool_],
    landing: Floats,
) -> Edges:
    """Return the edges of all states; `filters.top_k` must say how many tokens follow one.

    `may` (N,) says which tokens may be said, `landing` (ORDERS + 1,) how much a token counts by the
    length of the longest stored context it leads to.
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
    """Return how many tokens each context has: one more than its prefix."""
    length = np.zeros(len(context), dtype=np.int64)
    ready = np.sort(tokens)
    for order in range(2, ORDERS + 1):
        found = (length == 0) & np.isin(prefix, ready)
        length[found] = order
        ready = context[found]
    return length


def _counts(graph: Graph, expecting: Expecting, states: States) -> sparse.csr_array:
    """Return the soft counts (states, N) of what followed."""
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
    """Return `explicit` (states, N) and `base` (states,), and the distribution after anything."""
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
    """Return (states, N): the longest stored context that each state and token lead to, plus one."""
    # Longer contexts stand behind shorter ones, so the largest number is the longest one.
    reached = states.longer[np.flatnonzero(states.order == 1)]
    for order in range(2, ORDERS + 1):
        rows = np.flatnonzero(states.order == order)
        part = states.longer[rows].maximum(reached[states.suffix[rows]])
        reached = sparse.csr_array(sparse.vstack([reached, part]))
    return sparse.csr_array(sparse.vstack([reached, sparse.csr_array((1, reached.shape[1]))]))


def _candidates(
    explicit: sparse.csr_array, reached: sparse.csr_array, common: Ints
) -> tuple[Ints, Ints, Floats, Ints]:
    """Return row, token, explicit share and reached state of all that can be among the likeliest."""
    rows, width = explicit.shape
    coded = [_coded(matrix) for matrix in (explicit, reached)]
    everywhere = (np.arange(rows)[:, None] * width + common).ravel()
    codes = np.sort(np.concatenate([*(code for code, _ in coded), everywhere]))
    # NumPy's own unique goes by hashes, which takes many times as long as this.
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
    """Return which candidates are left and their probabilities, as Filters.apply does row by row."""
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
    # Adding up over all rows rounds; no row may lose its first for that.
    kept = (before < filters.top_p) | (_rank(row) == 0)
    order, row, weight = order[kept], row[kept], weight[kept]
    first = np.flatnonzero(_rank(row) == 0)
    weight /= np.repeat(_sums(weight, first), np.diff(np.append(first, len(row))))
    return order, weight


def _rank(rows: Ints) -> Ints:
    """Return each entry's place in its run of equal rows."""
    new = np.append(True, rows[1:] != rows[:-1])[: len(rows)]
    first = np.flatnonzero(new)
    return np.arange(len(rows)) - np.repeat(first, np.diff(np.append(first, len(rows))))


def _sums(values: Floats, first: Ints) -> Floats:
    return np.add.reduceat(values, first) if len(first) else values[:0]
