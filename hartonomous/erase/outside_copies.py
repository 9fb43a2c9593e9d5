"""Outside copies: where data to erase is stored outside the live graph.

Within reach: retained deletions of this graph, bundles waiting for it, snapshots, the names in its
log and their keys. Out of reach, and therefore reported: backups, retained data of other graphs of
the home, and files in use.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, is_dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa

from hartonomous.delete.retention_area import kept
from hartonomous.delete.selectors import Selectors
from hartonomous.erase.bundle_search import FoundBundle, bundles_of
from hartonomous.erase.erasure_target import ErasureTarget
from hartonomous.erase.retained_deletions import KeptDeletion, KeptSource, readable
from hartonomous.errors import BadInput, NotFound, VerificationFailed
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph, Row
from hartonomous.identity import canonical_json, composition_key, normalise
from hartonomous.load.suppression_list import Suppressions
from hartonomous.schema import TOKEN
from hartonomous.transparency import keys
from hartonomous.transparency.transparency_log import server_name
from hartonomous.versions.backup_register import known_backups
from hartonomous.versions.snapshots import (
    Snapshot,
    describe_snapshot,
    read_snapshot,
    snapshot_names,
)


@dataclass(frozen=True)
class OutsideCopy:
    """A copy of data to erase: `where` as a code, `what` in words.

    `until` is its expiry, `do` the remedy for the user; None if the erasure removes it.
    """

    where: str
    what: str
    until: str | None = None
    do: str | None = None


class OutsideCopies:
    """The copies outside the live graph that match selectors; each is read once, on demand."""

    def __init__(self, graph: Graph, selectors: Selectors, cache: Path) -> None:
        self.graph, self.cache = graph, cache
        self.described: dict[str, Any] = json.loads(canonical_json(selectors.described()))
        identity = graph.read(query("delete/read_identity"))
        self.identity = str(identity[0]["identity"] or "") if identity else ""

    def contains(self, kind: str, value: Any) -> bool:
        """Return whether a copy within reach has a selector's value."""
        return next(self.within_reach(self._alone(kind, value)), None) is not None

    def knew(self, word: str) -> bool:
        """Return whether a word in this spelling is stored, or was erased."""
        return self.contains("concepts", word) or self._is_suppressed(word)

    def nothing(self, kind: str, value: Any) -> str:
        """Return sentences on where nothing was found, and what is out of reach."""
        said = ["No copy exists in retained deletions, bundles, snapshots, the log or its keys."]
        for one in self.beyond(self._alone(kind, value)):
            until = f" until {one.until}" if one.until else ""
            said.append(f"A copy may exist in {one.what}{until}; {one.do}.")
        return " ".join(said)

    def seek(self, described: Mapping[str, Any], spelt: Sequence[str] = ()) -> ErasureTarget:
        """Return the target of selectors, by the graph, the copies and the log.

        `spelt` are words as spelt in the graph.
        """
        given = ErasureTarget(described)
        names = set(described.get("sources", ()))
        taken = {
            (row["name"], row["created"]): row["digest"]
            for row in self.live
            if row["name"] in names or given.has_property(row)
        }
        linked = self._linked(described.get("people", ()))
        known = {(row["name"], row["created"]) for row in self.live}
        known |= {(one.name, one.created) for one in self.kept_sources if one.stated is not None}
        for one in self.kept_sources:
            identity = one.name, one.created
            own = one.name in names or given.has_property(one.stated or {})
            if own or (one.name in linked and identity not in known):
                taken[identity] = one.digest
        staying = {row["name"] for row in self.live if (row["name"], row["created"]) not in taken}
        gone = (names | (linked - staying)) - {name for name, _ in taken}
        digests = {*taken.values(), *self.digests(gone)}
        for bundle in self.bundles:
            if bundle.digest and (bundle.name in names or given.has_property(bundle.about)):
                digests.add(bundle.digest)
        return ErasureTarget(
            described,
            frozenset((*described.get("concepts", ()), *spelt)),
            frozenset(taken),
            frozenset(({name for name, _ in taken} | linked) - staying),
            frozenset(digests),
        )

    def within_reach(self, sought: ErasureTarget) -> Iterator[OutsideCopy]:
        """Yield the copies that an erasure removes."""
        if named := self.traces(sought):
            yield OutsideCopy("names", f"{len(named)} names in the log and their keys")
        for one in self.deletions:
            if one.contains(sought):
                what = f"deletion {one.record.id}, which can be undone"
                yield OutsideCopy("deletion", what, one.record.until)
        for bundle in self.bundles:
            if bundle.within_reach and bundle.contains(sought):
                yield OutsideCopy("bundle", bundle.described)
        for name in self.snapshots(sought):
            yield OutsideCopy("snapshot", f"snapshot {name}")

    def beyond(self, sought: ErasureTarget) -> Iterator[OutsideCopy]:
        """Yield the copies, certain or possible, that are out of reach."""
        for one in self._kept_elsewhere:
            if one.contains(sought):
                what = f"deletion {one.record.id} of another graph of this home"
                yield OutsideCopy(
                    "deletion",
                    what,
                    one.record.until,
                    ("erase it there as well, or let its retention window end"),
                )
        for bundle in self.bundles:
            if not bundle.within_reach and bundle.contains(sought):
                yield OutsideCopy("bundle", bundle.described, None, bundle.advice)
        for name in self.snapshots(sought, own=False):
            what = f"snapshot {name} of another graph of this home"
            yield OutsideCopy(
                "snapshot", what, None, f"'hartonomous snapshot drop {name}' removes it"
            )
        for server in self._servers_naming(sought):
            what = f"a key under {keys.directory()} that may belong to the log of {server}"
            yield OutsideCopy("names", what, None, "erase it there, too")
        for backup in known_backups(self.identity):
            yield OutsideCopy("backup", backup.what, None, backup.advice)

    def traces(self, sought: ErasureTarget) -> list[str]:
        """Return the names, `kind:name`, in the log or with a key, that identify the target."""
        dropped = set(self.snapshots(sought))
        return sorted(
            subject
            for subject in self._subjects
            if sought.is_named(subject)
            or (
                subject.startswith("snapshot:")
                and subject.partition(":")[2] in dropped
                and sought.is_spelt_in(subject.partition(":")[2])
            )
        )

    def snapshots(self, sought: ErasureTarget, own: bool = True) -> list[str]:
        """Return the snapshots with data to erase, of this graph or of others; without damaged
        ones.
        """
        return [
            name
            for name, of in self._snapshots.items()
            if of.is_of(self.identity) == own and self._is_in_snapshot(name, of, sought)
        ]

    @cached_property
    def live(self) -> list[Row]:
        """Return the sources of the graph."""
        return self.graph.read(query("audit/read_sources"))

    @cached_property
    def deletions(self) -> list[KeptDeletion]:
        """Return the retained deletions of this graph; without damaged ones."""
        return readable(one for one in kept(self.identity) if one.graph == self.identity)

    @cached_property
    def kept_sources(self) -> list[KeptSource]:
        """Return the sources with rows in retained deletions of this graph."""
        return [
            KeptSource(one.record, name, of["created"], of["digest"], of.get("source"))
            for one in self.deletions
            for name, of in one.plan.summary["sources"].items()
        ]

    @cached_property
    def bundles(self) -> list[FoundBundle]:
        """Return the waiting bundles of this home, and those of earlier versions."""
        return bundles_of(self.identity, self.cache)

    @property
    def own_snapshots(self) -> dict[str, Snapshot]:
        """Return the snapshots of this graph, by name; without damaged ones."""
        return {name: of for name, of in self._snapshots.items() if of.is_of(self.identity)}

    @cached_property
    def _snapshots(self) -> dict[str, Snapshot]:
        found = {}
        for name in snapshot_names():
            with suppress(BadInput, NotFound):
                found[name] = describe_snapshot(name)
        return found

    @cached_property
    def _kept_elsewhere(self) -> list[KeptDeletion]:
        return readable(one for one in kept() if one.graph != self.identity)

    @cached_property
    def _entries(self) -> list[Row]:
        return self.graph.read(query("transparency/read_leaves"))

    @cached_property
    def _own_keys(self) -> dict[str, bool]:
        """Return the names with a key, and whether each is this graph's: in its log, or if no other
        server has a log with these keys.
        """
        server = server_name(self.graph)
        alone = all(other == server for other in keys.servers_of_logs().values())
        text = "" if alone else "".join(row["entry"] for row in self._entries)
        return {name: alone or hash in text for hash, name in keys.known_hashes().items()}

    @cached_property
    def _subjects(self) -> set[str]:
        shown = {name for row in self._entries for name in row["names"]}
        return shown | {name for name, own in self._own_keys.items() if own}

    def _servers_naming(self, sought: ErasureTarget) -> list[str]:
        if not any(sought.is_named(name) for name, own in self._own_keys.items() if not own):
            return []
        return sorted(set(keys.servers_of_logs().values()) - {server_name(self.graph)})

    def _linked(self, people: Sequence[str]) -> set[str]:
        """Return the names of sources that the log links to these people."""
        wanted = {f"person:{one}" for one in people}
        return {
            name.partition(":")[2]
            for row in self._entries
            if wanted & set(row["names"])
            for name in row["names"]
            if name.startswith("source:")
        }

    def digests(self, names: set[str]) -> set[str]:
        """Return the digests of the files of former sources, from snapshots, else from the log."""
        if not names:
            return set()
        live = {row["digest"] for row in self.live}
        found = set()
        for of in self.own_snapshots.values():
            found |= {digest for source, digest in of.sources.items() if source in names}
        for row in self._entries:
            if {f"source:{name}" for name in names} & set(row["names"]):
                found.add(json.loads(row["entry"])["details"].get("source"))
        return found - live - {None}

    def _is_in_snapshot(self, name: str, of: Snapshot, sought: ErasureTarget) -> bool:
        staying = {
            row["name"]: row["digest"]
            for row in self.live
            if (row["name"], row["created"]) not in sought.sources
        }
        for source, digest in of.sources.items():
            named = sought.is_named(f"source:{source}") and staying.get(source) != digest
            if named or digest in sought.digests:
                return True
        if any(sought.unnamed(one, ()) != one for one in of.standing.values()):
            return True
        try:
            return bool(sought.words or sought.pairs) and _is_in_table(name, sought)
        except BadInput:
            return False

    def _is_suppressed(self, word: str) -> bool:
        try:
            known = Suppressions(self.graph)
        except VerificationFailed:
            # Damaged ones are reported, with the remedy, when something is imported.
            return False
        row = {"key": [composition_key(TOKEN, word)], "text": [word], "kind": [TOKEN]}
        return bool(known.mask(pa.table(row))[0])

    def _alone(self, kind: str, value: Any) -> ErasureTarget:
        """Return the target of one value of one selector."""
        flags: dict[str, Any] = {
            name: given
            for name, given in self.described.items()
            if name in ("exact", "any_case", "types")
        }
        plain = asdict(value) if is_dataclass(value) and not isinstance(value, type) else value
        return self.seek({kind: json.loads(canonical_json([plain])), **flags})


def _is_in_table(snapshot: str, sought: ErasureTarget) -> bool:
    """Return whether a snapshot's compositions include a word to erase, or its relations a pair."""
    table = read_snapshot(snapshot)
    texts, kinds = (table.compositions[name].to_pylist() for name in ("text", "kind"))
    if any(map(sought.is_word, texts, kinds)):
        return True
    rows = {text: row for row, text in enumerate(texts)}
    for first, second in sought.pairs:
        ends = {rows.get(normalise(first), -1), rows.get(normalise(second), -1)}
        starts, others = (table.relations[name].to_pylist() for name in ("start", "end"))
        if any({a, b} == ends for a, b in zip(starts, others, strict=True)):
            return True
    return False
