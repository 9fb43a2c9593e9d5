"""Which of two stores is the graph, where an earlier version left both and no marker.

An erasure by an earlier version moved the store to data.old and wrote another in its place. Killed
meanwhile, it left both; the next start made an empty store, or served one that was written whole.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from hartonomous.errors import HartonomousError, ServerError
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Row
from hartonomous.progress import Say
from hartonomous.server import store_swap
from hartonomous.server.exclusive_server import exclusive_server


@dataclass(frozen=True)
class _Store:
    """What a store holds: the facts of its graph, and the entries of its log."""

    facts: Row
    leaves: list[str]

    @property
    def empty(self) -> bool:
        return not (self.facts["sources"] or self.facts["compositions"] or self.leaves)

    def continues(self, other: _Store) -> bool:
        """Return whether this is the other graph, at the same time or later."""
        same = self.facts["log"] == other.facts["log"] and len(self.leaves) >= len(other.leaves)
        return same and self.leaves[: len(other.leaves)] == other.leaves

    def __str__(self) -> str:
        return (
            f"{self.facts['sources']:,} sources, {self.facts['compositions']:,} compositions, "
            f"{len(self.leaves):,} entries of the log"
        )


def choose_store(home: Path, say: Say) -> None:
    """Put the store with the graph in its place, where an earlier version left an old one behind.

    Nothing is done where there is none. Raises ServerError, both stores untouched, where each holds
    something that the other does not.
    """
    if not store_swap.unexplained(home):
        return
    kept, served = store_swap.predecessor(home), store_swap.data(home)
    say(f"{kept} was left by an erasure that was cut short; looking into it.")
    old, now = _look(home, kept, say), _look(home, served, say)
    live = None if now is None or now.empty else now
    # The old store went piece by piece once the new one was verified.
    if live is not None and (old is None or live.continues(old)):
        shutil.rmtree(kept)
        say(f"{kept} held nothing more than {served} and is gone.")
        return
    if old is None or (live is not None and not old.continues(live)):
        raise ServerError(
            f"Two stores lie in {home}: data ({now or 'not readable'}) and data.old "
            f"({old or 'not readable'}), which an erasure that was cut short left. Neither continues "
            "the other. Move the one away that you do not want, and name the other one data; then "
            "'hartonomous up'."
        )
    if served.is_dir():
        shutil.rmtree(served)
    kept.rename(served)
    say(f"The graph is back: {old}. It lay in {kept}, and what was served was empty or older.")


def _look(home: Path, data: Path, say: Say) -> _Store | None:
    """Return what a store holds, None when it is not whole."""
    if not (data / "databases" / "neo4j" / "neostore").is_file():
        return None
    try:
        with exclusive_server(home, data, say, read_only=True) as graph:
            (facts,) = graph.read(query("server/read_store_facts"))
            leaves = [row["leaf"] for row in graph.read(query("transparency/read_leaves"))]
    except HartonomousError:
        return None
    return _Store(facts, leaves)
