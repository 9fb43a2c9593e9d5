"""Next-token model: the evidence of contexts, interpolated into one distribution over tokens.

    expecting = NextTokenModel(graph, without_sources=("poetry",))
    context = expecting.spelt("The capital of")       # numbers of tokens, -1 where unknown
    shares = expecting.shares(context)                # (N,), sums to 1
    landing = expecting.landings(context)             # (N,), longest stored context each leads to
    expecting.texts[shares.argmax()]                  # "the"

A context of up to ORDERS tokens backs off to shorter ones, down to the empty context, and that to
the uniform distribution. From the shortest up,

    q_k = (C_k + (n_k - |C_k| + gamma_k) q_(k-1)) / (n_k + gamma_k)

where n_k is the number of visits of the selected sources to the context, C_k the soft counts of its
continuations, |C_k| their sum, and n_k - |C_k| the missing mass (interpolation with a Dirichlet
prior of strength gamma_k, MacKay and Peto 1995, which also distributes the missing mass). The
counts are sums over sources, so excluding sources (`only_sources`, `without_sources`) gives exactly
the result of a graph without them.

What people judged of a continuation shifts its odds: by the sum of their votes times the odds that
each states, in every context that ends in the judged one; all shares are then scaled to sum to 1.

The latest STATES states that were read stay in memory; `prefetch` reads many in one round trip.
Changes of the graph are not noticed: create a new model.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from hartonomous.ask.relations.neighbourhood import unknown_source
from hartonomous.errors import NotFound
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph
from hartonomous.identity import composition_key, context_text
from hartonomous.schema import CONTEXT, MICRO, ORDERS, PIECE, TOKEN, context_evidence

SCORING = (1.0, 1.5, 2.5, 8.0, 4.0)
GENERATING = (1.0, 0.5, 0.4, 0.3, 0.2)
"""Gamma by order, from the empty context up: SCORING is fitted for agreement; this is sharper, for
writing.
"""

STATES = 50_000
KEYS_AT_ONCE = 1_000


Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
T = TypeVar("T")


@dataclass(frozen=True)
class State:
    """Next-token counts of one context: `n` visits, soft counts `counts` (m,) float64 of the tokens
    `ends` (m,) int64.
    """

    n: float
    ends: Ints
    counts: Floats


@dataclass(frozen=True)
class Term:
    """The counts of one context of `order` tokens: visits `n`, the sum of its soft counts, and the
    soft counts of one token by source.
    """

    order: int
    context: str
    n: float
    counted: float
    by_source: dict[str, float]


@dataclass(frozen=True)
class JudgedContinuation:
    """A judged continuation of a context of `order` tokens: who said what, as name, times accepted,
    times rejected and decades, and by how many `decades` its odds are shifted in all.
    """

    token: str
    order: int
    context: str
    decades: float
    people: tuple[tuple[str, int, int, float], ...]


class NextTokenModel:
    """Distributions over the N tokens that the sources know, numbered in the order of their keys.

    `keys`, `kinds` and `texts` are lists of N, `ids` (N,) int64 the database ids, `sources` the
    names of the selected sources. Raises NotFound for an unknown source, or if no selected source
    has next-token evidence.
    """

    def __init__(
        self,
        graph: Graph,
        *,
        only_sources: Collection[str] | None = None,
        without_sources: Collection[str] = (),
    ) -> None:
        self._graph = graph
        self.sources = _sources(graph, only_sources, without_sources)
        rows = list(graph.stream(query("generation/read_expected"), sources=self.sources))
        self.keys: list[str] = [key for _, key, _, _, _ in rows]
        self.kinds: list[str] = [kind for _, _, kind, _, _ in rows]
        self.texts: list[str] = [text for _, _, _, text, _ in rows]
        self._number = {key: place for place, key in enumerate(self.keys)}
        self.ids: Ints = np.array([row[0] for row in rows], dtype=np.int64)
        self._begun = np.array([row[4] for row in rows], dtype=np.int8)
        self._by_id = np.argsort(self.ids)
        self._ids = self.ids[self._by_id]
        self._longest = max(map(len, self.texts), default=0)
        self._judged = self._read_judged(only_sources, without_sources)
        self._states: OrderedDict[str, State | None] = OrderedDict()
        self._extensions: OrderedDict[str, Ints] = OrderedDict()

    def __len__(self) -> int:
        return len(self.keys)

    def number(self, kind: str, text: str) -> int:
        """Return the number of a token, -1 if no source knows it."""
        return self._number.get(composition_key(kind, text), -1)

    def numbered(self, key: str) -> int:
        """Return the number of the token of a key, -1 if no source knows it."""
        return self._number.get(key, -1)

    def terms(self, context: Sequence[int], token: int) -> list[Term]:
        """Return the counts of one token in each state of a context, from the empty one up."""
        chain = self._chain(context)
        states = self._read(chain)
        rows = self._graph.read(
            query("generation/read_terms"), keys=chain, token=self.keys[token], sources=self.sources
        )
        counts = {row["key"]: dict(zip(row["names"], row["weights"], strict=True)) for row in rows}
        texts = [self.texts[number] for number in context]
        return [
            Term(
                order,
                context_text(texts[len(texts) - order :]) if order else "",
                state.n,
                float(state.counts.sum()),
                {name: weight / MICRO for name, weight in counts.get(key, {}).items()},
            )
            for order, (key, state) in enumerate(zip(chain, states, strict=True))
            if state is not None
        ]

    def judged(self, context: Sequence[int]) -> list[JudgedContinuation]:
        """Return what people judged of what follows a context, from the empty one up."""
        texts = [self.texts[number] for number in context]
        return [
            JudgedContinuation(
                self.texts[end],
                order,
                context_text(texts[len(texts) - order :]) if order else "",
                said / MICRO / 1000,
                tuple((name, n, against, own / MICRO / 1000) for name, n, against, own in people),
            )
            for order, key in enumerate(self._chain(context))
            for end, said, people in self._judged.get(key, ())
        ]

    def _read_judged(
        self, only: Collection[str] | None, without: Collection[str]
    ) -> dict[str, list[tuple[int, int, list[Any]]]]:
        """Return, by the key of a context, the tokens that people judged to follow it or not."""
        judged: dict[str, list[tuple[int, int, list[Any]]]] = {}
        for row in self._graph.read(
            query("generation/read_judged"),
            only=None if only is None else list(only),
            without=list(without),
        ):
            if (end := self.numbered(row["end"])) >= 0:
                judged.setdefault(row["start"], []).append((end, row["said"], row["people"]))
        return judged

    def spelt(self, text: str) -> list[int]:
        """Return the numbers of a text's tokens: for each word its longest pieces from the left; -1
        where no piece matches.
        """
        return [number for word in text.split() for number in self._spelt(word)]

    def shares(self, context: Sequence[int], gammas: Sequence[float] = SCORING) -> Floats:
        """Return the probability of each token after a context, oldest token first: (N,) float64,
        sums to 1.
        """
        shares = np.full(len(self), 1.0 / len(self))
        chain = self._chain(context)
        for order, state in enumerate(self._read(chain)):
            if state is not None:
                total = state.n + gammas[order]
                shares *= max(0.0, state.n - state.counts.sum() + gammas[order]) / total
                shares[state.ends] += state.counts / total
        return self._as_judged(shares, chain)

    def _as_judged(self, shares: Floats, chain: Sequence[str]) -> Floats:
        """Shift the odds of judged continuations, (N,); unchanged where nobody judged any."""
        said = [one for key in chain for one in self._judged.get(key, ())]
        if not said:
            return shares
        for end, votes, _ in said:
            shares[end] *= 10.0 ** (votes / MICRO / 1000)
        return np.asarray(shares / shares.sum())

    def landings(self, context: Sequence[int]) -> NDArray[np.int8]:
        """Return the length of the longest stored context after appending each token: (N,) int8, 0
        to ORDERS; 0 if the graph has no continuation of the token.
        """
        chain = self._chain(context)[1:]
        landings = self._begun.copy()
        for order, ends in enumerate(self._read_extensions(chain[: ORDERS - 1]), 1):
            landings[ends] = order + 1
        return landings

    def visited(self, contexts: Iterable[Sequence[int]]) -> NDArray[np.bool_]:
        """Return for each context, as a whole, whether some source visited it: (contexts,) bool."""
        keys = [self._key(context) for context in contexts]
        return np.array([state is not None for state in self._read(keys)], dtype=bool)

    def prefetch(self, contexts: Iterable[Sequence[int]]) -> None:
        """Read the states that all these contexts need, in few round trips."""
        self._read(sorted({key for context in contexts for key in self._chain(context)}))

    def read_on(self, context: Sequence[int]) -> None:
        """Read the states that `shares` and `landings` of one context need, in one round trip."""
        chain = self._chain(context)
        keys = [key for key in chain[1:ORDERS] if key not in self._extensions]
        keys += [key for key in chain if key not in self._states and key not in keys]
        if keys:
            self._states.update(self._fetch(keys, extended=True))

    def _spelt(self, word: str) -> list[int]:
        numbers: list[int] = []
        first = 0
        while first < len(word):
            for end in range(min(len(word), first + self._longest), first, -1):
                part = word[first:end]
                number = self.number(PIECE, f"##{part}") if first else self.number(TOKEN, part)
                if number >= 0:
                    break
            else:
                number, end = -1, first + 1
            numbers.append(number)
            first = end
        return numbers

    def _chain(self, context: Sequence[int]) -> list[str]:
        """Return the keys of a context's suffixes, from the empty one up to ORDERS tokens."""
        keys = [self._key(())]
        for order in range(1, min(ORDERS, len(context)) + 1):
            if context[-order] < 0:
                break
            keys.append(self._key(context[-order:]))
        return keys

    def _key(self, context: Sequence[int]) -> str:
        if len(context) == 1:
            return self.keys[context[0]]
        return composition_key(CONTEXT, context_text(self.texts[token] for token in context))

    def _read(self, keys: Sequence[str]) -> list[State | None]:
        return _cached(self._states, keys, self._fetch)

    def _fetch(self, keys: list[str], extended: bool = False) -> dict[str, State | None]:
        """Return the states of keys; with `extended`, cache also the tokens that extend them."""
        found: dict[str, State | None] = dict.fromkeys(keys)
        if extended:
            self._extensions.update(dict.fromkeys(keys, np.empty(0, dtype=np.int64)))
        rows = self._graph.read(
            query("generation/read_states"),
            keys=keys,
            sources=self.sources,
            extended=extended,
        )
        for row in rows:
            if row["n"]:
                ends = self._by_id[
                    np.searchsorted(self._ids, np.array(row["ends"], dtype=np.int64))
                ]
                counts = np.array(row["weights"], dtype=np.float64) / MICRO
                found[row["key"]] = State(float(row["n"]), ends, counts)
            if extended:
                numbers = [self._number[key] for key in row["tokens"] if key in self._number]
                self._extensions[row["key"]] = np.array(numbers, dtype=np.int64)
        return found

    def _read_extensions(self, keys: Sequence[str]) -> list[Ints]:
        return _cached(self._extensions, keys, self._fetch_extensions)

    def _fetch_extensions(self, keys: list[str]) -> dict[str, Ints]:
        self._states.update(self._fetch(keys, extended=True))
        return {key: self._extensions[key] for key in keys}


def _sources(graph: Graph, only: Collection[str] | None, without: Collection[str]) -> list[str]:
    tracks = graph.read(query("rate/read_tracks"))
    known = {track["source"] for track in tracks}
    for name in {*(only or ()), *without}:
        if name not in known:
            raise unknown_source(graph, name)
    expecting = {
        t["source"] for t in tracks if t["evidence"] == context_evidence() and t["state"] == "live"
    }
    chosen = sorted((expecting if only is None else expecting & set(only)) - set(without))
    if not chosen:
        raise NotFound(
            "No selected source has next-token evidence; 'hartonomous ingest MODEL --tracks "
            "next' extracts it from a causal model."
        )
    return chosen


def _cached(
    cache: OrderedDict[str, T], keys: Sequence[str], fetch: Callable[[list[str]], dict[str, T]]
) -> list[T]:
    """Return the value of each key, fetching those not cached; the latest STATES are cached."""
    missing = [key for key in dict.fromkeys(keys) if key not in cache]
    fetched: dict[str, T] = {}
    for first in range(0, len(missing), KEYS_AT_ONCE):
        fetched |= fetch(missing[first : first + KEYS_AT_ONCE])
    found = []
    for key in keys:
        found.append(fetched[key] if key in fetched else cache[key])
    cache.update(fetched)
    for key in keys:
        cache.move_to_end(key)
    while len(cache) > STATES:
        cache.popitem(last=False)
    return found
