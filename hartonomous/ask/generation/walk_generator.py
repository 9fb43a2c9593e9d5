"""Walk generator: random walks over next-token states projected into Graph Data Science.

Many texts at once by `gds.randomWalk`, and the most probable paths between two points by Yen's
algorithm. A projection is specific to sources, filters and graph, and is reused until one of these
changes. A walk depends on its current state alone: constraints on earlier text (the prompt cache,
repeated sequences, removed words spelt in pieces) are checked when the samples are ranked, and
violating samples are discarded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from blake3 import blake3

from hartonomous.ask.generation.state_graph import read_states, state_edges
from hartonomous.ask.generation.text_generator import (
    LANDING,
    GenerateOptions,
    Generator,
    Step,
    repeating,
)
from hartonomous.ask.paths.projections import PREFIX, drop_stale, projections
from hartonomous.ask.relations.relation_views import read_graph_state
from hartonomous.errors import NotFound, ServerError, UsageError
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph
from hartonomous.identity import canonical_json
from hartonomous.schema import ORDERS

FOLLOWING = 20
"""Tokens that may follow a state, unless the user sets another number."""

STATES = f"{PREFIX}states-"

BYTES_PER_EDGE = 200
"""Bytes of the server's heap per edge while edges arrive and are projected."""

MOST_SAMPLES = 100_000


@dataclass(frozen=True)
class Way:
    """One of the most probable paths from one token to another, with its probability."""

    text: str
    probability: float


class Walker:
    """Walks over the state graph of a generator's sources; creates the projection on first use.

    `reused` says whether the projection existed. Raises UsageError without a top-k, ServerError if
    the projection would not fit or Graph Data Science is not installed.
    """

    def __init__(self, graph: Graph, generator: Generator, options: GenerateOptions) -> None:
        if options.filters.top_k is None:
            raise UsageError(
                "A projection needs a limit on the tokens that follow each state: give --top-k, "
                f"such as {FOLLOWING}."
            )
        self._graph, self._generator, self._options = graph, generator, options
        state = read_graph_state(graph)
        self.name = f"{STATES}{self._digest()}-{state.digest}"
        self._states = read_states(graph, generator.expecting)
        drop_stale(graph, state)
        self.reused = any(row["name"] == self.name for row in projections(graph))
        if not self.reused:
            self._project(options)

    def walk(self, prompt: Sequence[int], samples: int) -> list[list[Step]]:
        """Return texts as steps, the most probable first; fewer than `samples` if some violated a
        constraint.

        The same projection and seed give the same walks.
        """
        texts = self.draws(prompt, samples)
        kept = {tuple(text): None for text in texts if self._may_stand(prompt, text)}
        scored = [self._generator.scored(prompt, text, self._options) for text in kept]
        return [steps for _, steps in sorted(scored, key=lambda one: -one[0])]

    def draws(self, prompt: Sequence[int], samples: int) -> list[list[int]]:
        """Return the tokens of that many walks, as they were drawn."""
        if not 1 <= samples <= MOST_SAMPLES:
            raise UsageError(f"The number of walks must be 1 to {MOST_SAMPLES:,}, not {samples}.")
        rows = self._graph.science(
            lambda _: self._graph.read(
                query("generation/generate"),
                prompt="",
                projection=self.name,
                state=self._state(prompt),
                length=self._options.length,
                samples=samples,
                seed=self._options.seed,
            )
        )
        return [self._tokens(row["states"]) for row in rows]

    def ways(self, prompt: Sequence[int], end: int, top: int) -> list[Way]:
        """Return the most probable paths from the end of a prompt to a token, by Yen's algorithm.

        Raises NotFound if there is none.
        """
        rows = self._graph.science(
            lambda _: self._graph.read(
                query("generation/likeliest_ways"),
                name=self.name,
                start=self._state(prompt),
                ends=self._states.ids[self._states.last == end].tolist(),
                top=top,
            )
        )
        if not rows:
            raise NotFound("There is no path to it: it never follows, or --top-k is too small.")
        return [
            Way(
                self._generator.detokenizer.text([*prompt, *self._tokens(row["states"])]),
                float(np.exp(-row["cost"])),
            )
            for row in rows
        ]

    def _digest(self) -> str:
        options = self._options
        said = {
            "filters": asdict(options.filters),
            "look_ahead": options.look_ahead,
            "plain": options.plain,
            "ban": sorted(options.ban),
            "sources": self._generator.expecting.sources,
        }
        return blake3(canonical_json(said).encode()).hexdigest()[:12]

    def _project(self, options: GenerateOptions) -> None:
        landing = LANDING if options.look_ahead else np.ones_like(LANDING)
        may = self._generator.detokenizer.allowed(options.plain, options.ban)
        states, expecting = self._states, self._generator.expecting
        edges = state_edges(self._graph, expecting, states, options.filters, may, landing)
        stored = states.ids[edges.start] >= 0
        needed = BYTES_PER_EDGE * int(stored.sum())
        free = self._graph.read(query("ask/read_free_heap"))[0]["bytes"]
        if needed > free:
            raise ServerError(
                f"A projection of {stored.sum():,} transitions takes up to {needed >> 20:,} MB of the "
                f"server's heap, and {free >> 20:,} MB are free. Give a smaller --top-k, or the "
                "server more: 'hartonomous down', then HARTONOMOUS_HEAP=4g 'hartonomous up'."
            )
        self._graph.science(
            lambda _: self._graph.read(
                query("generation/project_states"),
                name=self.name,
                starts=states.ids[edges.start[stored]].tolist(),
                ends=states.ids[edges.end[stored]].tolist(),
                weights=edges.weight[stored].tolist(),
            )
        )

    def _state(self, prompt: Sequence[int]) -> int:
        """Return the database id of the state at the end of a prompt."""
        state = len(self._states.ids) - 1
        for token in prompt[-ORDERS:]:
            state = self._longest(state, token) if token >= 0 else len(self._states.ids) - 1
        if self._states.ids[state] < 0:
            raise NotFound("The graph has no beginnings of texts; give a prompt.")
        return int(self._states.ids[state])

    def _longest(self, state: int, token: int) -> int:
        while self._states.order[state] > 0:
            if found := int(self._states.longer[state, token]):
                return found - 1
            state = int(self._states.suffix[state])
        return token

    def _tokens(self, states: Sequence[int]) -> list[int]:
        """Return the tokens of a walk after its first state."""
        tokens: list[int] = self._states.last[self._states.of(np.array(states[1:]))].tolist()
        return tokens

    def _may_stand(self, prompt: Sequence[int], text: Sequence[int]) -> bool:
        """Return whether a text satisfies the constraints that a walk cannot check."""
        whole, options = [*prompt, *text], self._options
        for place in range(len(prompt), len(whole)):
            before, token = whole[:place], whole[place]
            if self._generator.detokenizer.completes_removed_word(before, token):
                return False
            if options.no_repeat and token in repeating(before, options.no_repeat):
                return False
        return True
