"""Transparency log of every act that changes knowledge: append-only, a Merkle tree with signed
heads.

An entry is a node in the graph, written in the act's own transaction. It contains whole numbers,
codes, digests and keyed hashes; the names beside it, for people, are not hashed and are removed
when the subject is erased. After each act the head is signed and stored outside the graph, so that
a truncated, emptied or recomputed log is detected.
"""

from __future__ import annotations

import json
import re
import secrets
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from hartonomous import merkle
from hartonomous.errors import BadInput, NotFound, UsageError, VerificationFailed
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph, Row, Transaction
from hartonomous.graph.writer_lock import WriterLock
from hartonomous.schema import LOG_ACTS, evidence_types, kinds, rated_types
from hartonomous.server.home import default_home
from hartonomous.server.managed_server import running_address
from hartonomous.transparency import keys
from hartonomous.transparency.entry_names import NAMED_KEYS, entry_name, key_digest, shown_faults
from hartonomous.transparency.inventory_record import accept
from hartonomous.transparency.signing import Head, canonical, encode, open_head, sign_head

ENTRY_VERSION = NAMED_KEYS

SUBJECTS = ("source", "person", "concept", "relation", "licence", "family", "deletion", "snapshot")
"""Kinds of subjects of an entry; a subject is written `kind:name`."""

_HASH = re.compile(r"[0-9a-f]{64}")
_CODED = re.compile(r"[0-9a-f]{64}|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ|\d+(\.\d+){1,3}")


@dataclass(frozen=True)
class Entry:
    """One act: its kind, its counts, and its subjects.

    `details` has whole numbers, digests (64 hexadecimal digits), times, versions and names of the
    schema, never a text of a model or a person. `key` makes the entry be written once; without
    `named`, the subjects' names are not stored beside it. `hashed` are subjects whose keys were
    destroyed: kind and the former HMAC of each.
    """

    act: str
    details: Mapping[str, object] = field(default_factory=dict)
    about: Sequence[str] = ()
    key: str = field(default_factory=lambda: secrets.token_hex(16))
    named: bool = True
    hashed: Sequence[tuple[str, str]] = ()

    def __post_init__(self) -> None:
        if self.act not in LOG_ACTS:
            raise UsageError(
                f"The log knows no act {self.act!r}; docs/data-model.md lists those it knows."
            )
        for subject in self.about:
            if subject.partition(":")[0] not in SUBJECTS:
                raise UsageError(f"The log cannot be about {subject!r}: write kind:name.")
        for kind, digest in self.hashed:
            if kind not in SUBJECTS or not _HASH.fullmatch(digest):
                raise UsageError(f"The log cannot be about {digest!r}: it is no keyed hash.")
        _check_coded(self.details)


def _is_code(value: str) -> bool:
    """Return whether a word is one of the schema's, which names nobody."""
    if value in LOG_ACTS or value in SUBJECTS:
        return True
    names = [each.name for each in evidence_types()] + [each.name for each in rated_types()]
    return value in names or value in [each.name for each in kinds()]


def _check_coded(value: object) -> None:
    if isinstance(value, Mapping):
        for entry in value.values():
            _check_coded(entry)
    elif isinstance(value, list | tuple):
        for entry in value:
            _check_coded(entry)
    elif isinstance(value, str) and not _is_code(value) and not _CODED.fullmatch(value):
        raise UsageError(f"{value!r} may not stand in the log: it could name what is to be erased.")


def enter(work: Transaction, entry: Entry) -> int:
    """Write an entry inside the transaction of its act; return its index.

    An entry with the same key is written once, so the transaction may be repeated.
    """
    turn = work.run(query("transparency/open_log"), key=entry.key, fresh=secrets.token_hex(16))[0]
    if turn["known"] is not None:
        return int(turn["known"])
    index, hashes = turn["index"], keys.keyed_hashes(entry.about)
    names = list(entry.about) if entry.named else []
    about = [[name.partition(":")[0], hashes[name]] for name in entry.about]
    text = canonical(
        {
            "about": about + [list(one) for one in entry.hashed],
            "act": entry.act,
            "at": turn["at"],
            "details": entry.details,
            "index": index,
            "key": key_digest(entry.key),
            "version": ENTRY_VERSION,
        }
    )
    work.run(
        query("transparency/append_entry"),
        index=index,
        key=entry.key,
        act=entry.act,
        at=turn["at"],
        names=names,
        name=entry_name(index, entry.act, names),
        entry=text.decode(),
        leaf=merkle.leaf_hash(text).hex(),
    )
    return int(index)


def append(graph: Graph, lock: WriterLock, entry: Entry) -> int:
    """Write an entry in a transaction of its own and sign the new head; return its index."""

    def work(transaction: Transaction) -> int:
        lock.check(transaction)
        return enter(transaction, entry)

    check(graph)
    index = graph.transact(work)
    seal(graph)
    return index


def check(graph: Graph) -> None:
    """Raise VerificationFailed unless the log continues the one of the stored heads.

    To be called before an act writes anything.
    """
    keys.signing_key()
    state = _state(graph)
    kept = keys.kept_heads(state["log"]) if state["log"] else []
    if kept:
        _check_head(_leaves(graph), kept[-1])


def seal(graph: Graph) -> str | None:
    """Sign the log's head, store it outside the graph, and return it; None for an empty log.

    Raises VerificationFailed, without signing, if the log does not continue the last stored head.
    """
    state = _state(graph)
    leaves = _leaves(graph)
    if not leaves:
        return None
    kept = keys.kept_heads(state["log"])
    if kept:
        _check_head(leaves, kept[-1])
    key = keys.signing_key()
    note = sign_head(Head(origin(state["log"]), len(leaves), merkle.root(leaves)), key)
    if note not in kept:
        keys.keep_head(state["log"], len(leaves), note, server_name(graph))
    return note


def origin(log: str) -> str:
    """Return the log's name in its heads."""
    return f"hartonomous/{log}"


@dataclass(frozen=True)
class LogReport:
    """The findings of a check of the log; `unsigned` entries came after the last stored head."""

    log: str | None
    size: int
    root: str
    heads: int
    unsigned: int
    findings: tuple[str, ...]


def verify_log(graph: Graph, heads: Iterable[str] = ()) -> LogReport:
    """Check every entry, the order of entries, and all signed heads, stored or given; write
    nothing.
    """
    state, rows = _state(graph), graph.read(query("transparency/read_leaves"))
    log = state["log"]
    leaves = [_leaf(row) for row in rows]
    known = keys.known_hashes()
    findings = list(_missing(rows))
    findings += [finding for row in rows for finding in _faults(row, known)]
    notes = [*(keys.kept_heads(log) if log else ()), *heads]
    largest = 0
    for note in notes:
        try:
            largest = max(largest, _check_head(leaves, note, log))
        except (VerificationFailed, BadInput) as error:
            findings.append(str(error))
    if rows and not notes:
        findings.append(
            "No signed head of this log is stored here, so nothing outside the graph confirms "
            "it; give one with --head."
        )
    findings += _other_logs(graph, log)
    return LogReport(
        log, len(rows), merkle.root(leaves).hex(), len(notes), len(rows) - largest, tuple(findings)
    )


def _missing(rows: Sequence[Row]) -> Iterator[str]:
    there = Counter(row["index"] for row in rows)
    for place in range(len(rows)):
        if there[place] != 1:
            yield f"Entry {place} is missing or duplicated."


def _faults(row: Row, known: Mapping[str, str]) -> Iterator[str]:
    named, place = f"Entry {row['index']}", row["index"]
    if not isinstance(place, int) or row["follows"] != (place - 1 if place else None):
        yield f"{named} is out of place: entries are missing or moved."
    if not row["entry"] or row["leaf"] != _leaf(row).hex():
        yield f"{named} was changed: its hash does not match."
        return
    entry = json.loads(row["entry"])
    if (entry["index"], entry["act"]) != (row["index"], row["act"]):
        yield f"{named} has another index or act than its node."
    yield from shown_faults(row, entry, known)


def _other_logs(graph: Graph, log: str | None) -> list[str]:
    return [
        f"Heads of another log of this server, {other}, are stored here: the graph was emptied, "
        "restored or replaced since. If that was intended, record it with 'hartonomous log "
        "adopt'."
        for other in keys.logs_of(server_name(graph))
        if other != log and not _adopted(graph, other)
    ]


def _adopted(graph: Graph, other: str) -> bool:
    last = keys.kept_heads(other)[-1]
    wanted = merkle.leaf_hash(last.encode()).hex()
    acts = graph.read(query("transparency/read_leaves"))
    return any(row["act"] == "adopt" and wanted in str(row["entry"]) for row in acts)


def adopt(graph: Graph, lock: WriterLock) -> int:
    """Continue the log as it is, under a new name, and record in it which heads no longer match.

    For a graph that was emptied, restored from a backup, replaced or changed by hand on purpose:
    its content is recorded as it is.
    """
    earlier = set(keys.logs_of(server_name(graph)))
    if (known := _state(graph)["log"]) is not None and keys.kept_heads(known):
        earlier.add(known)
    lasts = [keys.kept_heads(log)[-1] for log in sorted(earlier)]
    hashes = [merkle.leaf_hash(note.encode()).hex() for note in lasts]
    entry = Entry("adopt", {"heads": hashes})

    def work(transaction: Transaction) -> int:
        lock.check(transaction)
        transaction.run(query("transparency/begin_log"), fresh=secrets.token_hex(16))
        return enter(transaction, entry)

    keys.signing_key()
    index = graph.transact(work)
    seal(graph)
    accept(graph)
    return index


def prove(graph: Graph, index: int) -> dict[str, object]:
    """Return the proof of an entry: its text, the path to the root, the signed head.

    Raises NotFound if there is no such entry.
    """
    note = seal(graph)
    rows = graph.read(query("transparency/read_leaves"))
    if note is None or not 0 <= index < len(rows):
        raise NotFound(f"The log has no entry {index}; its entries are 0 to {len(rows) - 1}.")
    leaves = [bytes.fromhex(row["leaf"]) for row in rows]
    return {
        "entry": rows[index]["entry"],
        "head": note,
        "index": index,
        "proof": [encode(part) for part in merkle.inclusion_proof(leaves, index)],
    }


def read_log(graph: Graph, top: int) -> list[Row]:
    """Return the last entries, newest first: index, at, act, names, entry, leaf."""
    return graph.read(query("transparency/read_log"), top=top)


def erase_names(graph: Graph, lock: WriterLock, subjects: Sequence[str]) -> int:
    """Remove subjects' names from the log and destroy the keys of their hashes; return the number
    of entries cleared.

    Idempotent; afterwards nobody can tell what the entries were about, or test a guess.
    """
    known = keys.known_hashes()
    hashes = [hash for hash, subject in known.items() if subject in subjects]
    cleared = lock.write(query("transparency/clear_names"), subjects=list(subjects), hashes=hashes)
    keys.destroy_keys(subjects)
    return int(cleared[0]["cleared"])


def _state(graph: Graph) -> Row:
    return graph.read(query("transparency/read_log_state"))[0]


def _leaves(graph: Graph) -> list[bytes]:
    rows = graph.read(query("transparency/read_leaves"))
    return [_leaf(row) for row in rows]


def _leaf(row: Row) -> bytes:
    # An entry whose text was removed has another leaf.
    return merkle.leaf_hash(str(row["entry"] or "").encode())


def _check_head(leaves: Sequence[bytes], note: str, log: str | None = None) -> int:
    """Return the size of a signed head that matches the leaves, else raise VerificationFailed."""
    head = _opened(note)
    if log is not None and head.origin != origin(log):
        raise VerificationFailed(f"A signed head is of another log, {head.origin}.")
    if head.size > len(leaves):
        raise VerificationFailed(
            f"The log was truncated: it has {len(leaves)} entries, the head stored outside the "
            f"graph says {head.size}. Restore the graph, or run 'hartonomous log adopt' if this "
            "was intended."
        )
    if merkle.root(leaves[: head.size]) != head.root:
        raise VerificationFailed(
            f"The log was rewritten: its first {head.size} entries are not the signed ones. "
            "Restore the graph, or run 'hartonomous log adopt' if this was intended."
        )
    return head.size


def _opened(note: str) -> Head:
    """Return the head of a note that any key used here signed."""
    for key in reversed(keys.public_keys()):
        with suppress(VerificationFailed):
            return open_head(note, key)
    raise VerificationFailed(
        "A signed head was changed, or signed by a key that was never used here (public-keys)."
    )


def server_name(graph: Graph) -> str:
    """Return the name of a graph's server and database, the managed one by its home."""
    address = graph.address
    managed = running_address(default_home())
    if managed is not None and managed.uri == address.uri:
        return f"{default_home()} {address.database}"
    return f"{address.uri} {address.database}"
