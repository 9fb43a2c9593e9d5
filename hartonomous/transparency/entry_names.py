"""Entry names: the names displayed on the nodes of log entries, which no hash of the log covers.

An entry contains its subjects as keyed hashes. With the subjects' keys, the names on the node can
be compared with them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any

from hartonomous.graph.driver import Row

UNNAMED = frozenset({"erase"})
"""Acts whose entries never have names."""

NAMED_KEYS = 2
"""The version of entries from which on they commit to the node's key."""


def entry_name(index: object, act: object, names: Sequence[str]) -> str:
    """Return the name of an entry's node, with its subjects.

    >>> entry_name(3, "delete", ["source:glove"])
    '3 delete glove'
    """
    return " ".join([str(index), str(act), *(name.partition(":")[2] for name in names)])


def key_digest(key: str) -> str:
    """Return the digest by which an entry commits to its key."""
    return sha256(f"hartonomous/key\0{key}".encode()).hexdigest()


def shown_faults(row: Row, entry: Mapping[str, Any], known: Mapping[str, str]) -> Iterator[str]:
    """Yield the differences between an entry's node and the entry; `known` maps keyed hashes to
    subjects.
    """
    named = f"Entry {row['index']}"
    names = [str(name) for name in row["names"] or ()]
    meant = [known.get(hash) for _, hash in entry["about"]]
    if row["names"] is None or not _as_logged(names, entry, meant):
        shown = ", ".join(names) or "no name"
        logged = ", ".join(one or "somebody whose key is missing" for one in meant) or "no name"
        yield f"{named} shows {shown}, which is not what was logged: {logged}."
    if row["name"] != (name := entry_name(row["index"], row["act"], names)):
        yield f"{named} is named {row['name']!r}, not {name!r}."
    if row["at"] != entry["at"]:
        yield f"{named} shows the time {row['at']}, the log says {entry['at']}."
    if "key" in entry and (row["key"] is None or key_digest(row["key"]) != entry["key"]):
        yield f"{named} has the key {row['key']!r}, which is not the logged one."


def _as_logged(names: list[str], entry: Mapping[str, Any], meant: Sequence[str | None]) -> bool:
    if not names:
        # Erasing one name from an entry removes its other names.
        return not meant or entry["act"] in UNNAMED or None in meant
    if None not in meant:
        return names == meant
    # Of subjects without a key, the displayed names at least have the right kinds and number.
    open_ones = {one for one in meant if one is not None}
    kinds = [kind for kind, _ in entry["about"]]
    shown = [name.partition(":")[0] for name in names]
    return open_ones <= set(names) and all(shown.count(one) <= kinds.count(one) for one in shown)
