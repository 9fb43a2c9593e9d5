"""The names that the nodes of log entries show, which no hash of the log covers.

An entry holds its subjects as keyed hashes. With the subjects' keys, the names shown on the node can be
compared with them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any

from hartonomous.graph.driver import Row

UNNAMED = frozenset({"erase"})
"""Acts whose entries show no names from the first."""

NAMED_KEYS = 2
"""The version of entries from which on they commit to the key that lets them be written once."""


def title_of(index: object, act: object, names: Sequence[str]) -> str:
    """Return what an entry of these names is called.

    >>> title_of(3, "delete", ["source:glove"])
    '3 delete glove'
    """
    return " ".join([str(index), str(act), *(name.partition(":")[2] for name in names)])


def key_digest(key: str) -> str:
    """Return how an entry commits to its key."""
    return sha256(f"hartonomous/key\0{key}".encode()).hexdigest()


def shown_faults(row: Row, entry: Mapping[str, Any], known: Mapping[str, str]) -> Iterator[str]:
    """Yield how an entry's node differs from what was logged; `known` maps keyed hashes to subjects."""
    named = f"Entry {row['index']}"
    names = [str(name) for name in row["names"] or ()]
    meant = [known.get(hash) for _, hash in entry["about"]]
    if row["names"] is None or not _as_logged(names, entry, meant):
        shown = ", ".join(names) or "no name"
        logged = ", ".join(one or "somebody whose key is not here" for one in meant) or "no name"
        yield f"{named} shows {shown}, which is not what was logged: {logged}."
    if row["title"] != (title := title_of(row["index"], row["act"], names)):
        yield f"{named} is titled {row['title']!r}, not {title!r}."
    if row["at"] != entry["at"]:
        yield f"{named} says it is of {row['at']}, the log of {entry['at']}."
    if "key" in entry and (row["key"] is None or key_digest(row["key"]) != entry["key"]):
        yield f"{named} has the key {row['key']!r}, which is not the one that was logged."


def _as_logged(names: list[str], entry: Mapping[str, Any], meant: Sequence[str | None]) -> bool:
    if not names:
        # Erased from an entry, one name takes the others of it along.
        return not meant or entry["act"] in UNNAMED or None in meant
    if None not in meant:
        return names == meant
    # Of those that cannot be told, what is shown is at least of their kind, and not too many.
    open_ones = {one for one in meant if one is not None}
    kinds = [kind for kind, _ in entry["about"]]
    shown = [name.partition(":")[0] for name in names]
    return open_ones <= set(names) and all(shown.count(one) <= kinds.count(one) for one in shown)
