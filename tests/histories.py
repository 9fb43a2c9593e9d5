"""Histories of a graph: ingests, deletions, undos, erasures, rollbacks, and the plain one they equal."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from hartonomous.bundle import Bundle
from hartonomous.delete.selectors import Selectors
from hartonomous.delete.undo import deletions, undo
from hartonomous.erase.erasure import ErasureOptions, erase
from hartonomous.errors import Conflict, NotFound
from hartonomous.graph.driver import Graph
from hartonomous.graph.writer_lock import WriterLock
from hartonomous.versions.rollback import rollback
from hartonomous.versions.snapshots import create_snapshot, drop_snapshot
from tests.building import (
    causal_bundle,
    exported,
    put_in,
    random_bundle,
    silent,
    take_out,
    wipe,
    with_places,
)
from tests.made_types import bundle_of_every_type
from tests.predicted_deletions import random_selectors


def take_back(graph: Graph, deletion: str) -> None:
    with WriterLock(graph, "test") as lock:
        undo(graph, lock, deletion, silent)


@dataclass
class History:
    """Acts on a graph, and the plain history it should equal: without what was undone."""

    graph: Graph
    acts: list[tuple[str, object]] = field(default_factory=list)

    def put(self, bundle: Bundle, name: str) -> None:
        put_in(self.graph, bundle, name)
        self.acts.append((name, bundle))

    def delete(self, selectors: Selectors) -> str:
        deletion = take_out(self.graph, selectors)
        self.acts.append((deletion, selectors))
        return deletion

    def erase(self, selectors: Selectors) -> None:
        with WriterLock(self.graph, "test") as lock:
            erase(self.graph, lock, selectors, ErasureOptions(Path("none"), silent))
        self.acts.append(("erased", selectors))

    def undo(self, deletion: str) -> None:
        take_back(self.graph, deletion)
        self.acts = [act for act in self.acts if act[0] != deletion]

    def keep(self, name: str) -> list[tuple[str, object]]:
        """Take a snapshot; return the acts before it."""
        with WriterLock(self.graph, "test") as lock:
            create_snapshot(self.graph, lock, name, silent)
        return list(self.acts)

    def roll_back(self, name: str, before: list[tuple[str, object]]) -> bool:
        """Go back to a snapshot and drop it; return False, with nothing changed, where that is refused."""
        found = exported(self.graph)
        with WriterLock(self.graph, "test") as lock:
            try:
                rollback(self.graph, lock, name, silent)
            except (Conflict, NotFound):
                # For good is an erasure since, and a snapshot that held what was erased goes with it.
                assert exported(self.graph) == found
                return False
            finally:
                with suppress(NotFound):
                    drop_snapshot(self.graph, lock, name)
        self.acts = before
        return True

    def check(self) -> None:
        """Compare the graph with one that only saw what was not undone."""
        found = exported(self.graph)
        self.replay()
        assert found == exported(self.graph)

    def replay(self) -> None:
        """Do the acts from the start on an empty graph."""
        wipe(self.graph)
        for name, what in self.acts:
            if isinstance(what, Bundle):
                put_in(self.graph, what, name)
            elif isinstance(what, Selectors) and name == "erased":
                with WriterLock(self.graph, "test") as lock:
                    erase(self.graph, lock, what, ErasureOptions(Path("none"), silent))
            elif isinstance(what, Selectors):
                take_out(self.graph, what)


def run_history(history: History, folder: Path, rng: np.random.Generator, acts: int) -> None:
    """Do random acts: ingests, deletions of all kinds, undos in any order, erasures, a rollback."""
    done: list[str] = []
    name, kept = f"history-{rng.integers(2**62)}", int(rng.integers(acts))
    before: list[tuple[str, object]] = []
    for number in range(acts):
        if number == kept:
            before = history.keep(name)
        live = {r["name"] for r in history.graph.read("MATCH (s:Source) RETURN s.name AS name")}
        choice = rng.random()
        if choice < 0.35 or not live:
            seed = int(rng.integers(2**31))
            made = rng.random()
            make = random_bundle if made < 0.4 else causal_bundle
            bundle = (make if made < 0.6 else bundle_of_every_type)(folder, seed)
            history.put(with_places(bundle, seed) if seed % 3 else bundle, f"s{number}")
        elif choice < 0.7 or not done:
            words = history.graph.read("MATCH (c:Token)-[:EMBEDDING_EVIDENCE]-() RETURN c LIMIT 1")
            selectors = (
                random_selectors(history.graph, rng)
                if words
                else Selectors(sources=(sorted(live)[0],))
            )
            if rng.random() < 0.25:
                history.erase(selectors)
                left = {row["id"] for row in deletions(history.graph) if row["state"] == "done"}
                done = [one for one in done if one in left]
            else:
                done.append(history.delete(selectors))
        else:
            history.undo(done.pop(int(rng.integers(len(done)))))
    if not history.roll_back(name, before) and done:
        history.undo(done.pop())
