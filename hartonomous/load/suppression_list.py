"""Suppression list: refuses erased sources and people, and skips rows of erased concepts.

A suppression contains only a hash under a key outside the graph, readable by its owner only.
Whoever has that key and the graph can test guesses; nobody else learns what was erased.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from hashlib import sha256
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hartonomous.atomic_files import write_private
from hartonomous.bundle import Bundle, TrackDescription
from hartonomous.errors import Conflict, NotFound, VerificationFailed
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph, Row, Transaction
from hartonomous.graph.writer_lock import WriterLock
from hartonomous.identity import content_digest
from hartonomous.load.concept_match import Sequence, readings, windows
from hartonomous.schema import evidence_type, find_kind
from hartonomous.server.home import default_home
from hartonomous.transparency import keys, transparency_log
from hartonomous.transparency.inventory_record import notes_inventory

SOURCE, SUBJECT, CONCEPT, COMPOSITION = "source", "subject", "concept", "composition"
NAME = "name"
"""The parts of a concept, where identifiers with them are not recognised by its words."""

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Entry:
    """Something to suppress: its kind, the hashed text, its number of words."""

    kind: str
    value: str
    words: int = 0
    any_case: bool = False


def key_file() -> Path:
    """Return the file of the suppressions' key; one in the home is moved there.

    Raises VerificationFailed if both places have a key: both were used.
    """
    file = keys.directory() / "suppression.key"
    old = default_home() / "keys" / "suppression.key"
    if old.is_file():
        text = old.read_text("utf-8")
        if file.exists() and file.read_text("utf-8") != text:
            raise VerificationFailed(
                f"There are two keys of suppressions, {old} and {file}. Give this home its own "
                "keys with HARTONOMOUS_KEYS; nothing is loaded until then."
            )
        write_private(file, text)
        old.unlink()
    return file


def make_key() -> bytes:
    """Return the key, created at random on first use."""
    file = key_file()
    if not file.is_file():
        write_private(file, secrets.token_hex(32) + "\n")
    return read_key()


def read_key() -> bytes:
    """Return the key.

    Raises VerificationFailed if it is missing or damaged: nothing can be loaded unchecked.
    """
    try:
        key = bytes.fromhex(key_file().read_text("ascii").strip())
    except (OSError, ValueError) as error:
        raise VerificationFailed(
            f"Data was erased from this graph, and the key in {key_file()} that recognises it "
            f"cannot be read: {error}. Restore the file; nothing is loaded without it."
        ) from error
    if len(key) != sha256().digest_size:
        raise VerificationFailed(f"{key_file()} is damaged: {len(key)} bytes, not 32.")
    return key


def keyed(key: bytes, kind: str, value: str) -> str:
    """Return the keyed hash of a value, HMAC-SHA256 in hexadecimal."""
    return hmac.new(key, f"hartonomous/{kind}\0{value}".encode(), sha256).hexdigest()


def suppress(
    graph: Graph, lock: WriterLock, deletion: str, entries: Iterable[Entry], complete: bool
) -> None:
    """Suppress data from now on, also from backups; repeating it changes nothing.

    `complete` says that the entries recognise all data removed by the deletion.
    """
    key = make_key()
    rows = [
        {
            "id": keyed(key, f"{one.kind}/{one.any_case}", one.value)[:16],
            "kind": one.kind,
            "match": keyed(key, one.kind, one.value),
            "words": one.words,
            "any_case": one.any_case,
            "deletion": deletion,
        }
        for one in entries
    ]
    (found,) = lock.write(query("delete/identify_graph"))
    keys.keep_erasure(found["identity"], deletion, complete, rows)
    lock.write(query("delete/create_suppressions"), rows=rows)


def suppressions(graph: Graph) -> list[Row]:
    """Return the suppressions: keyed hash and creation time."""
    return graph.read(query("delete/read_suppressions"))


@notes_inventory
def lift(graph: Graph, lock: WriterLock, suppression: str) -> Row:
    """Lift a suppression; return what it was.

    Raises NotFound for an unknown id.
    """
    found = next((row for row in suppressions(graph) if row["id"] == suppression), None)
    if found is None:
        raise NotFound(f"No suppression {suppression!r}; 'hartonomous suppressions' lists them.")
    entry = transparency_log.Entry("lift")

    def work(transaction: Transaction) -> None:
        lock.check(transaction)
        transaction.run(query("delete/delete_suppression"), id=suppression)
        transparency_log.enter(transaction, entry)

    transparency_log.check(graph)
    graph.transact(work)
    transparency_log.seal(graph)
    (named,) = lock.write(query("delete/identify_graph"))
    keys.keep_lifted(named["identity"], suppression)
    return found


class Suppressions:
    """The suppressions of a graph, loaded for matching."""

    def __init__(self, graph: Graph) -> None:
        self.rows = suppressions(graph)
        self.key = read_key() if self.rows else b""
        self.matches = {(row["kind"], row["match"]) for row in self.rows}

    def __bool__(self) -> bool:
        return bool(self.rows)

    def refuse(self, digest: str, subject: str | None) -> None:
        """Raise Conflict for a source that was erased, or is of an erased person."""
        for kind, value in ((SOURCE, digest), (SUBJECT, subject)):
            if value is None or not self.rows:
                continue
            match = keyed(self.key, kind, value)
            if found := next(
                (r for r in self.rows if (r["kind"], r["match"]) == (kind, match)), None
            ):
                raise Conflict(
                    f"This {kind} was erased on {found['created']} and is suppressed; "
                    f"'hartonomous suppressions lift {found['id']}' allows it to be loaded again."
                )

    def keeps_out(self, digest: str, subject: str | None) -> bool:
        """Return whether a source is suppressed: erased itself, or of an erased person."""
        try:
            self.refuse(digest, subject)
        except Conflict:
            return True
        return False

    def mask(self, compositions: pa.Table) -> Mask:
        """Return the mask (N,) bool of suppressed compositions, given columns key, text and kind."""
        found = np.zeros(compositions.num_rows, dtype=bool)
        if not self.rows:
            return found
        exact = any(row["kind"] == COMPOSITION for row in self.rows)
        folds = {row["any_case"] for row in self.rows if row["kind"] == CONCEPT}
        names = any(row["kind"] == NAME for row in self.rows)
        columns = (compositions[name].to_pylist() for name in ("key", "text", "kind"))
        for place, (key, text, kind) in enumerate(zip(*columns, strict=True)):
            kept_out = exact and self._matches(COMPOSITION, key)
            for fold in folds:
                kept_out = kept_out or any(
                    self._contains(words, CONCEPT, fold) for words in readings(text, kind, fold)
                )
            if names and find_kind(kind).identifier:
                kept_out = kept_out or self._contains(readings(text, kind)[-1], NAME, False)
            found[place] = kept_out
        return found

    def _contains(self, words: Sequence, kind: str, fold: bool) -> bool:
        return any(self._window(each, kind, fold) for each in windows(words, self._lengths[kind]))

    @cached_property
    def _lengths(self) -> dict[str, list[int]]:
        return {
            kind: sorted({row["words"] for row in self.rows if row["kind"] == kind})
            for kind in (CONCEPT, NAME)
        }

    @cached_property
    def _known(self) -> dict[tuple[Sequence, str, bool], bool]:
        return {}

    def _window(self, words: Sequence, kind: str, fold: bool) -> bool:
        asked = words, kind, fold
        if asked not in self._known:
            match = keyed(self.key, kind, "\0".join(words))
            wanted = {r["match"] for r in self.rows if r["kind"] == kind and r["any_case"] == fold}
            self._known[asked] = match in wanted
        return self._known[asked]

    def _matches(self, kind: str, value: str) -> bool:
        return (kind, keyed(self.key, kind, value)) in self.matches


@dataclass(frozen=True)
class AdmittedBundle(Bundle):
    """A bundle without suppressed rows."""

    out: Mask = field(kw_only=True)
    lost: dict[int, int] = field(kw_only=True)

    def contexts(self) -> pa.Table:
        """Return the contexts that are not suppressed, with the columns of `evidence.CONTEXTS`;
        suppressed evidence is added to their missing mass.
        """
        table = super().contexts()
        kept = table.filter(pa.array(~self.out[table["composition"].to_numpy()]))
        masses = [
            mass + self.lost.get(place, 0)
            for place, mass in zip(
                kept["composition"].to_pylist(), kept["mass"].to_pylist(), strict=True
            )
        ]
        changed = {"mass": pa.array(masses, pa.int64())}
        # A context that is not suppressed may have a suppressed neighbour: an exact word, or one
        # completed by a further piece. Its edges are loaded all or none.
        joins = {name: kept[name].to_numpy() for name in ("prefix", "suffix", "token")}
        whole = np.all([(to >= 0) & ~self.out[to] for to in joins.values()], axis=0)
        for name, to in joins.items():
            changed[name] = pa.array(np.where(whole, to, -1), kept.schema.field(name).type)
        for name, values in changed.items():
            column = kept.schema.get_field_index(name)
            kept = kept.set_column(column, kept.schema.field(name), values)
        return kept

    def evidence(self, track: TrackDescription, rows: int) -> Iterator[pa.RecordBatch]:
        """Yield a track's evidence that is not suppressed, with the columns of `evidence.columns`;
        the batches are always the same.
        """
        for batch in super().evidence(track, rows):
            kept = batch.filter(pa.array(~self._touches(batch)))
            if kept.num_rows:
                yield kept

    def _touches(self, batch: pa.RecordBatch) -> Mask:
        touched: Mask = self.out[batch["start"].to_numpy()] | self.out[batch["end"].to_numpy()]
        return touched


def admit(graph: Graph, bundle: Bundle) -> tuple[Bundle, int]:
    """Return a bundle without suppressed rows, and the number of skipped rows.

    Raises Conflict if the whole source, or its person, is suppressed.
    """
    known = Suppressions(graph)
    known.refuse(bundle.source.digest, bundle.source.subject)
    out = known.mask(bundle.compositions())
    if not out.any():
        return bundle, 0
    skipped, tracks, lost = 0, [], dict[int, int]()
    for track in bundle.tracks:
        counted = evidence_type(track.evidence).counted
        gone = observations = 0
        for batch in bundle.evidence(track, 1 << 17):
            start = batch["start"].to_numpy()
            touched = out[start] | out[batch["end"].to_numpy()]
            gone += int(touched.sum())
            observations += int(batch[counted].to_numpy()[touched].sum())
            if evidence_type(track.evidence).contexts:
                weights = batch["weight"].to_numpy()[touched].tolist()
                for place, weight in zip(start[touched].tolist(), weights, strict=True):
                    lost[place] = lost.get(place, 0) + weight
        tracks.append(
            replace(track, rows=track.rows - gone, observations=track.observations - observations)
        )
        skipped += gone
    digest = content_digest("admitted", {"bundle": bundle.digest, "out": sorted(known.matches)})
    admitted = AdmittedBundle(
        bundle.path, bundle.source, tuple(tracks), digest, bundle.format, out=out, lost=lost
    )
    return admitted, skipped
