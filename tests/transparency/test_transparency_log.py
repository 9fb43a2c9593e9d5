"""The log: written once, never rewritten unnoticed, and without a name that was erased."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hartonomous import merkle
from hartonomous.delete.deletion import delete_source
from hartonomous.errors import NotFound, UsageError, VerificationFailed
from hartonomous.graph.driver import Graph
from hartonomous.graph.writer_lock import WriterLock
from hartonomous.operations.ingestion import rate
from hartonomous.transparency import keys
from hartonomous.transparency.signing import canonical, decode, open_head
from hartonomous.transparency.transparency_log import (
    Entry,
    adopt,
    append,
    check,
    enter,
    erase_names,
    prove,
    read_log,
    seal,
    verify_log,
)
from tests.building import put_in, random_bundle, silent, wipe
from tests.inclusion_proofs import verify_inclusion


def write(graph: Graph, *entries: Entry) -> None:
    with WriterLock(graph, "test") as lock:
        for entry in entries:
            append(graph, lock, entry)


@pytest.fixture
def logged(graph: Graph) -> Graph:
    """A graph with a log of five entries."""
    write(graph, *(Entry("rate", {"formula": n}, [f"source:s{n}"]) for n in range(5)))
    return graph


def findings(graph: Graph) -> str:
    return "\n".join(verify_log(graph).findings)


def test_acts_are_logged_in_order_and_once(graph: Graph, tmp_path: Path) -> None:
    bundle = random_bundle(tmp_path, 1)
    put_in(graph, bundle, "one")
    put_in(graph, bundle, "one")
    put_in(graph, random_bundle(tmp_path, 2), "one", replace=True)
    rate(graph, silent, everything=True)
    with WriterLock(graph, "test") as lock:
        delete_source(graph, lock, "one", silent)
    acts = [(row["index"], row["act"], row["names"]) for row in reversed(read_log(graph, 10))]
    one = ["source:one"]
    assert acts == [(0, "ingest", one), (1, "replace", one), (2, "rate", []), (3, "delete", one)]
    assert verify_log(graph).findings == ()
    assert graph.read(
        "MATCH p = (:LogEntry {index: 0})-[:NEXT*]->(e) RETURN collect(e.name) AS names"
    ) == [{"names": ["1 replace one", "2 rate", "3 delete one"]}]
    assert graph.read("CALL custom.hartonomous.log(1) YIELD act") == [{"act": "delete"}]


def test_an_act_whose_commit_is_repeated_stands_once(graph: Graph) -> None:
    entry = Entry("rate", key="the act")
    assert [graph.transact(lambda work: enter(work, entry)) for _ in range(3)] == [0, 0, 0]
    assert verify_log(graph).size == 1


def test_an_act_that_does_not_commit_leaves_no_entry(graph: Graph) -> None:
    def work(transaction):
        enter(transaction, Entry("rate"))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        graph.transact(work)
    assert verify_log(graph).size == 0


def test_the_log_holds_no_name_and_after_an_erasure_nobody_can_test_one(graph: Graph) -> None:
    names = ["person:user_12345", "concept:fear"]
    write(graph, Entry("delete", about=names), Entry("delete", about=["person:user_123456"]))
    held = [row["entry"] for row in graph.read("MATCH (e:LogEntry) RETURN e.entry AS entry")]
    assert not any("user" in entry or "fear" in entry for entry in held)
    before = keys.known_hashes()
    with WriterLock(graph, "test") as lock:
        assert erase_names(graph, lock, ["person:user_12345", "concept:fear"]) == 1
        assert erase_names(graph, lock, ["person:user_12345", "concept:fear"]) == 0
    everything = str(graph.read("MATCH (n) WHERE NOT n:Migration RETURN properties(n) AS n"))
    assert "user_12345'" not in everything and "fear" not in everything
    assert "person:user_123456" in everything
    files = "".join(f.read_text() for f in keys.directory().rglob("*") if f.is_file())
    assert "fear" not in files and '"person:user_12345"' not in files
    assert "person:user_123456" in files
    assert len(keys.known_hashes()) == len(before) - 2
    # The same name met again stands under another key.
    assert keys.keyed_hashes(["concept:fear"])["concept:fear"] not in before
    assert findings(graph) == ""


@pytest.mark.parametrize(
    "details",
    [{"word": "fear"}, {"a": [{"b": "x y"}]}, {"key": "bac2d8d7458a7f073e1c79d2380e60c8"}],
)
def test_free_text_and_keys_of_compositions_are_refused(details: dict[str, object]) -> None:
    with pytest.raises(UsageError, match="could name"):
        Entry("delete", details)


def test_unknown_acts_and_subjects_are_refused() -> None:
    with pytest.raises(UsageError):
        Entry("forget everything")
    with pytest.raises(UsageError):
        Entry("delete", about=["glove"])


def test_a_proof_needs_no_graph(logged: Graph) -> None:
    proof = prove(logged, 3)
    head = open_head(str(proof["head"]), keys.signing_key().public)
    path = [decode(part) for part in proof["proof"]]  # type: ignore[attr-defined]
    leaf = merkle.leaf_hash(str(proof["entry"]).encode())
    assert verify_inclusion(leaf, 3, head.size, path, head.root)
    assert json.loads(str(proof["entry"]))["details"] == {"formula": 3}
    with pytest.raises(NotFound, match="0 to 4"):
        prove(logged, 5)


def test_heads_kept_at_every_size_vouch_for_each_other(logged: Graph) -> None:
    report = verify_log(logged)
    assert (report.size, report.heads, report.unsigned, report.findings) == (5, 5, 0, ())


def test_an_entry_that_no_head_was_signed_for_yet_is_counted(logged: Graph) -> None:
    logged.transact(lambda work: enter(work, Entry("rate")))
    assert verify_log(logged).unsigned == 1
    seal(logged)
    assert verify_log(logged).unsigned == 0


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("MATCH (e:LogEntry {index: 2}) SET e.entry = replace(e.entry, '2', '7')", "was changed"),
        ("MATCH (e:LogEntry {index: 2}) SET e.leaf = reverse(e.leaf)", "was changed"),
        ("MATCH (e:LogEntry {index: 2}) SET e.act = 'lift'", "another index or act"),
        ("MATCH (e:LogEntry {index: 2}) SET e.names = ['source:s4']", "not what was logged"),
        ("MATCH (e:LogEntry {index: 2}) DETACH DELETE e", "missing"),
        ("MATCH (:LogEntry {index: 2})-[r:NEXT]->() DELETE r", "missing"),
        ("MATCH (e:LogEntry) WHERE e.index > 2 DETACH DELETE e", "was truncated"),
        ("MATCH (e:LogEntry) DETACH DELETE e", "was truncated"),
    ],
)
def test_a_log_changed_by_hand_is_told(logged: Graph, fault: str, said: str) -> None:
    logged.write(fault)
    assert said in findings(logged)


def test_a_recomputed_log_is_told_and_nothing_is_added_to_it(logged: Graph) -> None:
    rows = logged.read("MATCH (e:LogEntry {index: 1}) RETURN e.entry AS entry")
    entry = {**json.loads(rows[0]["entry"]), "details": {"formula": 9}}
    text = canonical(entry)
    logged.write(
        "MATCH (e:LogEntry {index: 1}) SET e.entry = $text, e.leaf = $leaf",
        text=text.decode(),
        leaf=merkle.leaf_hash(text).hex(),
    )
    assert "was rewritten" in findings(logged)
    with pytest.raises(VerificationFailed, match="rewritten"):
        write(logged, Entry("rate"))
    with pytest.raises(VerificationFailed, match="rewritten"):
        seal(logged)
    assert verify_log(logged).size == 5


def test_a_log_that_was_emptied_with_its_graph_is_told_and_can_be_adopted(
    logged: Graph, tmp_path: Path
) -> None:
    wipe(logged)
    assert "another log of this server" in findings(logged)
    put_in(logged, random_bundle(tmp_path, 1), "one")
    assert "another log of this server" in findings(logged)
    with WriterLock(logged, "test") as lock:
        adopt(logged, lock)
    assert findings(logged) == ""


def test_a_cut_log_can_be_adopted_and_that_is_recorded(logged: Graph) -> None:
    logged.write("MATCH (e:LogEntry) WHERE e.index > 2 DETACH DELETE e")
    with pytest.raises(VerificationFailed, match="was truncated"):
        check(logged)
    with WriterLock(logged, "test") as lock:
        assert adopt(logged, lock) == 3
        append(logged, lock, Entry("rate"))
    assert findings(logged) == ""
    assert read_log(logged, 2)[1]["act"] == "adopt"


def test_a_head_given_from_elsewhere_is_checked(logged: Graph) -> None:
    note = seal(logged) or ""
    assert verify_log(logged, [note]).findings == ()
    for wrong in (note.replace("5", "6", 1), note[:-3], "", note.replace("hartonomous/", "x/")):
        assert verify_log(logged, [wrong]).findings


def test_without_any_kept_head_the_log_is_not_called_sound(logged: Graph) -> None:
    heads = keys.directory() / "heads"
    for file in [*heads.rglob("0*"), *heads.rglob("server")]:
        # A log's own folder may begin with a nought, too.
        if file.is_file():
            file.unlink()
    assert "nothing outside the graph confirms" in findings(logged)


def test_every_file_of_the_keys_is_the_owners_alone(logged: Graph) -> None:
    files = [keys.directory(), *keys.directory().rglob("*")]
    assert len(files) > 5
    assert {file.stat().st_mode & 0o077 for file in files} == {0}


def test_a_signing_key_that_is_gone_stops_acts_before_they_write(logged: Graph) -> None:
    key = keys.directory() / "signing-key"
    saved = key.read_text()
    key.unlink()
    with pytest.raises(VerificationFailed, match="is gone"):
        write(logged, Entry("rate"))
    assert verify_log(logged).size == 5
    key.write_text(saved)
    write(logged, Entry("rate"))


def test_another_signing_key_in_its_place_is_refused(logged: Graph) -> None:
    key = keys.directory() / "signing-key"
    public, saved = keys.directory() / "public-keys", key.read_text()
    known = public.read_text()
    keys.new_signing_key()
    public.write_text(known)
    with pytest.raises(VerificationFailed, match="not the one last used"):
        check(logged)
    key.write_text(saved)
    check(logged)


def test_a_new_key_goes_on_and_the_old_heads_still_vouch(logged: Graph) -> None:
    old = keys.signing_key().public
    new = keys.new_signing_key().public
    write(logged, Entry("rate"))
    assert keys.public_keys() == [old, new]
    assert verify_log(logged).findings == ()
    assert open_head(seal(logged) or "", new).size == 6
