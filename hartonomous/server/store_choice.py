"""Store choice: which of two stores is the graph, if an earlier version left both without a marker.

An erasure by an earlier version moved the store to data.old and wrote another to data. Killed
meanwhile, it left both; the next start created an empty store, or served a completely written one.
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
    """The content of a store: the facts of its graph, and the entries of its log."""

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
    """Make the store with the graph the served one, if an earlier version left an old one.

    Does nothing without one. Raises ServerError, with both stores unchanged, if each has data that
    the other lacks.
    """
    if not store_swap.unexplained(home):
        return
    kept, served = store_swap.predecessor(home), store_swap.data(home)
    say(f"{kept} was left by an interrupted erasure; examining it.")
    old, now = _look(home, kept, say), _look(home, served, say)
    live = None if now is None or now.empty else now
    # The old store was deleted file by file after the new one was verified.
    if live is not None and (old is None or live.continues(old)):
        shutil.rmtree(kept)
        say(f"{kept} had nothing that {served} lacks, and was removed.")
        return
    if old is None or (live is not None and not old.continues(live)):
        raise ServerError(
            f"{home} has two stores: data ({now or 'not readable'}) and data.old "
            f"({old or 'not readable'}), left by an interrupted erasure. Neither continues the "
            "other. Move the unwanted one away, and rename the other one to data; then run "
            "'hartonomous up'."
        )
    if served.is_dir():
        shutil.rmtree(served)
    kept.rename(served)
    say(f"The graph is back: {old}. It was in {kept}, and the served store was empty or older.")


def _look(home: Path, data: Path, say: Say) -> _Store | None:
    """Return the content of a store, None if it is incomplete."""
    if not (data / "databases" / "neo4j" / "neostore").is_file():
        return None
    try:
        with exclusive_server(home, data, say, read_only=True) as graph:
            (facts,) = graph.read(query("server/read_store_facts"))
            leaves = [row["leaf"] for row in graph.read(query("transparency/read_leaves"))]
    except HartonomousError:
        return None
    return _Store(facts, leaves)
