"""Erased: gone from everything within reach, and kept from coming back until that is lifted."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from blake3 import blake3

from hartonomous.ask.paths.projections import PREFIX
from hartonomous.audit.audit_report import audit
from hartonomous.bundle import Bundle
from hartonomous.delete.deletion import delete
from hartonomous.delete.retention_area import area
from hartonomous.delete.selectors import Selectors, evidence_range
from hartonomous.delete.undo import deletions, undo
from hartonomous.erase.compaction import find_bytes
from hartonomous.errors import Conflict, NotFound, VerificationFailed
from hartonomous.graph.driver import Graph
from hartonomous.graph.writer_lock import WriterLock
from hartonomous.identity import composition_key
from hartonomous.load.bundle_cache import waiting_bundles
from hartonomous.load.suppression_list import key_file, lift, make_key, suppressions
from hartonomous.operations.ingestion import load_bundle
from hartonomous.server.home import default_home
from hartonomous.transparency.keys import directory
from tests.building import (
    WORDS,
    causal_bundle,
    exported,
    put_in,
    random_bundle,
    silent,
    wait,
    wipe,
)
from tests.canaries import CANARY, PLACE, holding, planted, planted_at, wipe_out


def everything(graph: Graph) -> str:
    """Return every property of every node and relationship as one text."""
    rows = graph.read("MATCH (n) RETURN labels(n) AS l, properties(n) AS p")
    rows += graph.read("MATCH ()-[r]->() RETURN type(r) AS l, properties(r) AS p")
    return str(rows)


def test_no_copy_within_reach_keeps_an_erased_word(graph: Graph, tmp_path: Path) -> None:
    put_in(graph, planted(tmp_path, 1), "a")
    put_in(graph, planted(tmp_path, 2), "b")
    put_in(graph, causal_bundle(tmp_path, 3), "c")
    wait(graph, planted(tmp_path / "waiting", 4), "e")
    with WriterLock(graph, "test") as lock:
        delete(graph, lock, Selectors(sources=("b",)), silent)
        delete(graph, lock, Selectors(concepts=(CANARY,)), silent)
    assert find_bytes(area(), [CANARY])
    put_in(graph, planted(tmp_path, 5), "d")
    report = wipe_out(graph, Selectors(concepts=(CANARY,)))
    assert report.removed > 0
    assert report.deletions_purged == 2
    assert report.bundles_purged == 1
    assert report.remaining_copies
    assert not find_bytes(area(), [CANARY, composition_key("Token", CANARY)])
    assert not waiting_bundles()
    text = everything(graph)
    hashes = [make(CANARY.encode()).hexdigest()[:16] for make in (sha256, blake3)]
    for trace in (CANARY, composition_key("Token", CANARY), *hashes):
        assert trace not in text
    # What is kept of the others comes back without it.
    (other,) = [row["id"] for row in deletions(graph) if row["state"] == "done"]
    with WriterLock(graph, "test") as lock:
        undo(graph, lock, other, silent)
    found = exported(graph)
    assert not any(CANARY in line for line in found)
    graph.write("MATCH (s:Suppression) DELETE s")
    wipe(graph)
    for seed, name in ((2, "b"), (5, "d")):
        put_in(graph, planted(tmp_path / "again", seed), name)
    put_in(graph, planted(tmp_path / "again", 1), "a")
    put_in(graph, causal_bundle(tmp_path / "again", 3), "c")
    with WriterLock(graph, "test") as lock:
        delete(graph, lock, Selectors(concepts=(CANARY,)), silent)
    assert found == exported(graph)


def test_no_copy_within_reach_keeps_where_it_stood(graph: Graph, tmp_path: Path) -> None:
    put_in(graph, planted_at(tmp_path, 1), "a")
    put_in(graph, planted_at(tmp_path, 2), "b")
    put_in(graph, planted_at(tmp_path, 3, everywhere=True), "zqx")
    wait(graph, planted_at(tmp_path / "waiting", 4), "e")
    with WriterLock(graph, "test") as lock:
        delete(graph, lock, Selectors(sources=("b",)), silent)
        low = evidence_range("zqx", "EMBEDDING_EVIDENCE", None, 0.3)
        delete(graph, lock, Selectors(evidence=(low,)), silent)
        delete(graph, lock, Selectors(concepts=(CANARY,)), silent)
    assert holding(graph, PLACE)
    for chosen in (Selectors(sources=("zqx",)), Selectors(concepts=(CANARY,))):
        wipe_out(graph, chosen)
    assert holding(graph, PLACE) == []
    (other,) = [row["id"] for row in deletions(graph) if row["state"] == "done"]
    with WriterLock(graph, "test") as lock:
        undo(graph, lock, other, silent)
    assert holding(graph, PLACE) == []
    # The graph got its identity when a bundle began to wait for it, which is no act.
    findings = audit(graph, silent, full=True)["findings"]
    assert [one for one in findings if "identity" not in one] == []


def test_rows_of_an_erased_word_are_skipped_and_counted(graph: Graph, tmp_path: Path) -> None:
    causal = causal_bundle(tmp_path, 1)
    word = next(text for text in causal.compositions()["text"].to_pylist() if " " not in text)
    put_in(graph, causal, "a")
    wipe_out(graph, Selectors(concepts=(word,)))
    report = load_bundle(graph, causal_bundle(tmp_path / "2", 1, length=200), "b", silent)
    assert report.skipped > 0
    assert f" {word} " not in " ".join(
        f" {row['t']} " for row in graph.read("MATCH (c:Composition) RETURN c.text AS t")
    )
    found = exported(graph)
    wipe(graph)
    put_in(graph, causal_bundle(tmp_path / "again", 1), "a")
    put_in(graph, causal_bundle(tmp_path / "again" / "2", 1, length=200), "b")
    with WriterLock(graph, "test") as lock:
        delete(graph, lock, Selectors(concepts=(word,)), silent)
    assert found == exported(graph)


def test_a_word_spelt_by_pieces_goes_and_stays_out(graph: Graph, tmp_path: Path) -> None:
    # Where another piece follows, it is another word.
    spelt = "MATCH (c:Context) WHERE c.text =~ '(.* )?mov ##ing( [^#].*)?' RETURN c.text AS text"
    pieces = "MATCH (c:Composition) WHERE c.text IN ['mov', '##ing'] RETURN count(c) AS n"
    put_in(graph, causal_bundle(tmp_path, 4, words=3, more=["mov", "##ing"]), "reader")
    before = exported(graph)
    assert graph.read(spelt)
    with WriterLock(graph, "test") as lock:
        deletion = delete(graph, lock, Selectors(concepts=("moving",)), silent)
        assert not graph.read(spelt)
        undo(graph, lock, deletion.id, silent)
    assert exported(graph) == before
    wipe_out(graph, Selectors(concepts=("moving",)))
    assert not graph.read(spelt)
    later = causal_bundle(tmp_path, 5, words=3, more=["mov", "##ing"])
    load_bundle(graph, later, "later", silent)
    assert not graph.read(spelt)
    assert graph.read(pieces) == [{"n": 2}]


def test_a_word_erased_exactly_does_not_come_back_as_a_part_of_contexts(
    graph: Graph, tmp_path: Path
) -> None:
    load_bundle(graph, causal_bundle(tmp_path, 4), "reader", silent)
    (word,) = graph.read("MATCH (c:Context) RETURN split(c.text, ' ')[0] AS w ORDER BY w LIMIT 1")
    wipe_out(graph, Selectors(concepts=(word["w"],), exact=True))
    load_bundle(graph, causal_bundle(tmp_path / "again", 4, length=301), "later", silent)
    there = "MATCH (c:Composition) WHERE c.text = $w RETURN c.text AS text"
    assert not graph.read(there, w=word["w"])
    assert graph.read("MATCH (c:Context) WHERE c.text STARTS WITH $w + ' ' RETURN c", w=word["w"])


def test_an_erased_source_is_refused_until_it_is_lifted(graph: Graph, tmp_path: Path) -> None:
    bundle = random_bundle(tmp_path, 1)
    put_in(graph, random_bundle(tmp_path, 2), "other")
    put_in(graph, bundle, "a")
    before = exported(graph)
    wipe_out(graph, Selectors(sources=("a",)))
    for name in ("a", "renamed"):
        with pytest.raises(Conflict, match="was erased"):
            put_in(graph, bundle, name)
    (kept_out,) = suppressions(graph)
    with pytest.raises(NotFound), WriterLock(graph, "test") as lock:
        lift(graph, lock, "nothing")
    with WriterLock(graph, "test") as lock:
        lift(graph, lock, kept_out["id"])
    put_in(graph, bundle, "a")
    assert exported(graph) == before


def test_an_erased_person_is_refused_and_no_other(graph: Graph, tmp_path: Path) -> None:
    def of(person: str, seed: int) -> Bundle:
        from dataclasses import replace

        bundle = random_bundle(tmp_path / person, seed)
        return replace(bundle, source=replace(bundle.source, subject=person))

    put_in(graph, of("user_12345", 1), "a")
    put_in(graph, of("user_123456", 2), "b")
    wipe_out(graph, Selectors(people=("user_12345",)))
    with pytest.raises(Conflict, match="subject was erased"):
        put_in(graph, of("user_12345", 3), "c")
    put_in(graph, of("user-12345", 4), "d")
    names = {row["n"] for row in graph.read("MATCH (s:Source) RETURN s.name AS n")}
    assert names == {"b", "d"}
    assert "user_12345'" not in everything(graph)


def test_nothing_is_let_in_without_the_key(graph: Graph, tmp_path: Path) -> None:
    put_in(graph, random_bundle(tmp_path, 1), "a")
    wipe_out(graph, Selectors(sources=("a",)))
    assert key_file().stat().st_mode & 0o777 == 0o600
    key = key_file().read_text()
    for damaged in ("", "zz", key[:-5]):
        key_file().write_text(damaged)
        with pytest.raises(VerificationFailed, match=r"nothing is loaded|damaged"):
            put_in(graph, random_bundle(tmp_path / damaged, 2), "b")
    key_file().unlink()
    with pytest.raises(VerificationFailed, match="nothing is loaded"):
        put_in(graph, random_bundle(tmp_path / "x", 2), "b")
    assert exported(graph) == []


def test_a_key_in_the_home_is_moved_to_the_keys(tmp_path: Path) -> None:
    old = default_home() / "keys" / "suppression.key"
    old.parent.mkdir(parents=True)
    old.write_text("ab" * 32 + "\n")
    assert make_key() == bytes.fromhex("ab" * 32)
    assert not old.exists()
    assert key_file().parent == directory()
    old.write_text("cd" * 32 + "\n")
    with pytest.raises(VerificationFailed, match="two keys"):
        make_key()


def test_what_a_deletion_still_keeps_says_nothing_of_what_was_erased(
    graph: Graph, tmp_path: Path
) -> None:
    for seed, name in ((1, "a"), (2, "zqxsource")):
        put_in(graph, planted(tmp_path, seed), name)
    word = next(
        row["text"]
        for row in graph.read(
            "MATCH (c:Token)-[:EMBEDDING_EVIDENCE {source: 'a'}]-() RETURN c.text AS text ORDER BY text"
        )
        if row["text"] != CANARY
    )
    low = evidence_range("zqxsource", "EMBEDDING_EVIDENCE", None, 0.5)
    with WriterLock(graph, "test") as lock:
        delete(graph, lock, Selectors(concepts=(CANARY, word), evidence=(low,)), silent)
    put_in(graph, planted(tmp_path, 5), "d")
    wipe_out(graph, Selectors(concepts=(CANARY,), sources=("zqxsource",)))
    (kept,) = deletions(graph)[:1]
    assert kept["state"] == "done"
    assert word in str(kept["what"])
    assert not find_bytes(area(), [CANARY, "zqxsource", composition_key("Token", CANARY)])


def test_a_deletion_emptied_by_an_erasure_still_keeps_its_words_out(
    graph: Graph, tmp_path: Path
) -> None:
    put_in(graph, planted(tmp_path, 1), "a")
    with WriterLock(graph, "test") as lock:
        first = delete(graph, lock, Selectors(sources=("a",)), silent)
    names = [WORDS[place] for place in np.random.default_rng(1).permutation(len(WORDS))[:30]]
    put_in(graph, random_bundle(tmp_path, 5, size=118), "b")
    with WriterLock(graph, "test") as lock:
        delete(graph, lock, Selectors(concepts=(names[0], names[1])), silent)
    wipe_out(graph, Selectors(sources=("b",)))
    with WriterLock(graph, "test") as lock:
        undo(graph, lock, first.id, silent)
    there = {row["text"] for row in graph.read("MATCH (c:Token) RETURN c.text AS text")}
    assert names[2] in there
    assert not there & {names[0], names[1]}


def test_projections_of_others_stand(graph: Graph, tmp_path: Path) -> None:
    put_in(graph, random_bundle(tmp_path, 1), "a")
    put_in(graph, random_bundle(tmp_path, 2), "b")
    for name in ("theirs", f"{PREFIX}ours"):
        graph.read("CALL gds.graph.project($name, '*', '*') YIELD graphName RETURN 1", name=name)
    try:
        assert wipe_out(graph, Selectors(sources=("a",))).projections_dropped == 1
        names = graph.read("CALL gds.graph.list() YIELD graphName RETURN graphName AS name")
        assert {"name": "theirs"} in names
        assert not any(row["name"].startswith(PREFIX) for row in names)
    finally:
        graph.read("CALL gds.graph.drop('theirs', false) YIELD graphName RETURN 1")


def test_erasing_leaves_nothing_to_undo(graph: Graph, tmp_path: Path) -> None:
    put_in(graph, random_bundle(tmp_path, 1), "a")
    report = wipe_out(graph, Selectors(sources=("a",)))
    with pytest.raises(NotFound), WriterLock(graph, "test") as lock:
        undo(graph, lock, report.id, silent)
    assert [row["state"] for row in deletions(graph)] == ["erased"]
