"""An erasure certified: everything is said of it but what it was, by then known to nobody."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from blake3 import blake3

from hartonomous.delete.selectors import Selectors
from hartonomous.erase import compaction, erasure
from hartonomous.erase.compaction import find_bytes, make_up
from hartonomous.erase.erasure import ErasureOptions, erase
from hartonomous.errors import Conflict, ServerError
from hartonomous.graph.deletion_journal import journals, open_journal
from hartonomous.graph.driver import Graph
from hartonomous.graph.state_digest import state_digest
from hartonomous.graph.writer_lock import WriterLock
from hartonomous.identity import composition_key
from hartonomous.operations.health import Check, doctor
from hartonomous.proof.certificate import open_names
from hartonomous.proof.claims import Scan, certify_erasure
from hartonomous.proof.verify_certificate import report, verify
from hartonomous.server.connection import connect_managed
from hartonomous.server.managed_server import ServerAddress
from hartonomous.transparency import keys
from hartonomous.transparency.transparency_log import read_log, verify_log
from tests.building import (
    causal_bundle,
    exported,
    fill,
    put_in,
    random_bundle,
    silent,
    snap,
    structure,
    take_out,
    wait,
    wipe,
)
from tests.canaries import CANARY, PERSON, PLACE, holding, of, planted, planted_at, refused_again
from tests.certificates import told_by_the_page
from tests.command_line import failed, run
from tests.killed_processes import act, killed_at
from tests.seed import drawn

CHOSEN = Selectors(concepts=(CANARY,), sources=("zqxsource",))


def certified(graph: Graph, selectors: Selectors, scan: Scan | None = None) -> bytes:
    with WriterLock(graph, "test") as lock:
        done = erase(graph, lock, selectors, ErasureOptions(Path("none"), silent, certified=True))
        return certify_erasure(graph, lock, done.id, scan)


def checked(certificate: bytes) -> dict[str, Any]:
    return verify(certificate, str(keys.signing_key().public), open_names(certificate))


@pytest.fixture
def filled(graph: Graph, tmp_path: Path) -> Graph:
    put_in(graph, planted(tmp_path, 1), "a")
    put_in(graph, planted(tmp_path, 2), "zqxsource")
    put_in(graph, causal_bundle(tmp_path, 3), "c")
    return graph


def relations(graph: Graph) -> set[tuple[str, str, str]]:
    rows = graph.read(
        "MATCH (a)-[r]->(b) WHERE r.elo IS NOT NULL RETURN a.key AS a, type(r) AS t, b.key AS b"
    )
    return {(row["a"], row["t"], row["b"]) for row in rows}


def test_it_says_what_was_done(filled: Graph) -> None:
    digest, before = state_digest(filled), relations(filled)
    facts = checked(certified(filled, CHOSEN))
    claims, after = facts["claims"], relations(filled)
    assert facts["left"] == [] and len(claims["checks"]) == 4
    assert claims["verb"] == "erase"
    assert [one["kind"] for one in claims["selectors"]] == ["source", "concept"]
    assert (claims["before"], claims["after"]) == (digest, state_digest(filled))
    assert claims["removed"]["sources"] == 1
    assert claims["removed"]["relations"] == len(before - after) > 0
    assert claims["stands"]["relations"] == len(after)
    assert claims["purged"]["suppressions"] == 3
    assert [copy["kind"] for copy in claims["copies"]] == [
        "store",
        "backup",
        "export",
        "projection",
    ]
    assert "suppression key" in " ".join(claims["does_not_establish"])
    assert verify_log(filled).findings == ()
    done, begun = read_log(filled, 2)
    assert [done["act"], begun["act"]] == ["deleted", "erase"]
    # Whoever holds the log sees that both entries are about the same.
    assert json.loads(done["entry"])["about"] == json.loads(begun["entry"])["about"]


def traces(graph: Graph) -> list[str]:
    """What would name what is erased: its words and names, and hashes that need no key."""
    rows = graph.read(
        "MATCH (c:Composition) WHERE c.text CONTAINS $word RETURN c.key AS key", word=CANARY
    )
    words = [CANARY, "zqxsource", f"concept:{CANARY}", "source:zqxsource"]
    hashes = [make(word.encode()).hexdigest() for make in (sha256, blake3) for word in words]
    hashes += [composition_key(kind, CANARY) for kind in ("Token", "Piece", "Label")]
    return [CANARY, "zqxsource", *(row["key"] for row in rows), *(one[:32] for one in hashes)]


def held(certificate: bytes) -> str:
    payload = base64.b64decode(json.loads(certificate)["payload"]).decode()
    return certificate.decode() + payload


def test_neither_certificate_nor_log_nor_keys_name_what_was_erased(filled: Graph) -> None:
    found = traces(filled)
    assert len(found) > 10
    (source,) = filled.read("MATCH (s:Source {name: 'zqxsource'}) RETURN s.digest AS digest")
    everything = str(filled.read("MATCH (n:Source|LogEntry|Composition) RETURN properties(n) AS p"))
    # All three kinds of trace are there before; or this test could not fail.
    assert all(trace in everything for trace in (CANARY, "zqxsource", found[2]))
    certificate = certified(filled, CHOSEN)
    log = str(filled.read("MATCH (n:LogEntry|Deletion|State) RETURN properties(n) AS p"))
    kept = "".join(
        file.read_text("utf-8") for file in keys.directory().rglob("*") if file.is_file()
    )
    for text in (held(certificate), log, kept, open_names(certificate).decode()):
        assert not [trace for trace in found if trace in text]
    # The log's entry of its ingest has the digest of its files, no name; what is handed out has not.
    assert source["digest"] not in held(certificate) + kept
    facts = checked(certificate)
    assert sorted(facts["names"].values()) == ["a"]
    said = report(facts)
    assert said.startswith("AUTHENTIC: erase of source hmac ")
    assert "keys of its hashes were destroyed" in said


def test_verifiers_show_an_erasure(filled: Graph, tmp_path: Path) -> None:
    certificate = certified(filled, CHOSEN)
    (tmp_path / "certificate").write_bytes(certificate)
    (tmp_path / "script.py").write_bytes(
        (files("hartonomous.proof") / "verify_certificate.py").read_bytes()
    )
    key = str(keys.signing_key().public)
    stranger = subprocess.run(
        [sys.executable, "-I", "script.py", "certificate", "--key", key],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert stranger.returncode == 0, stranger.stderr
    ours = run("certificate", "verify", tmp_path / "certificate", "--key", key)
    assert (ours.exit_code, ours.stdout) == (0, stranger.stdout)
    for line in ("also erased: ", "remaining copy: transaction logs", "suppression key"):
        assert line in ours.stdout
    told = told_by_the_page(tmp_path, key, open_names(certificate), {"certificate": certificate})
    (answer,) = told["answers"]
    assert answer["facts"] == verify(certificate, key, open_names(certificate))
    assert answer["accepted"] == []
    assert dict(answer["rows"])["what was done"].startswith("erase of source keyed hash ")


def test_issued_again_it_is_the_same(filled: Graph) -> None:
    first = checked(certified(filled, CHOSEN))
    put = len(read_log(filled, 100))
    with WriterLock(filled, "test") as lock:
        # The store written anew after all: what was logged stays as it was logged.
        again = checked(certify_erasure(filled, lock, None, Scan(1, 0)))
    assert (again["claims"], again["log"]["index"]) == (first["claims"], first["log"]["index"])
    assert len(read_log(filled, 100)) == put


def test_what_was_not_asked_for_in_time_is_not_made_up(
    filled: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    with WriterLock(filled, "test") as lock:
        with pytest.raises(Conflict, match="Nothing was erased"):
            certify_erasure(filled, lock)
        erase(filled, lock, Selectors(concepts=(CANARY,)), ErasureOptions(Path("none"), silent))
        with pytest.raises(Conflict, match="no certificate was requested"):
            certify_erasure(filled, lock)
    # Asked for at the resumption, when the names' keys are gone already.
    stopped = RuntimeError("stopped")

    def stop(erasure: str) -> None:
        raise stopped

    with monkeypatch.context() as patched, WriterLock(filled, "test") as lock:
        patched.setattr(erasure, "let_go", stop)
        with pytest.raises(RuntimeError):
            erase(
                filled,
                lock,
                Selectors(sources=("zqxsource",)),
                ErasureOptions(Path("none"), silent),
            )
        with pytest.raises(Conflict, match="--resume"):
            certify_erasure(filled, lock)
    with WriterLock(filled, "test") as lock:
        assert (
            erasure.resume(filled, lock, ErasureOptions(Path("none"), silent, certified=True))
            is not None
        )
        entries = len(read_log(filled, 100))
        with pytest.raises(Conflict, match="no certificate was requested"):
            certify_erasure(filled, lock)
    assert open_journal(filled) is None
    assert len(read_log(filled, 100)) == entries
    assert "zqxsource" not in str(keys.openings())


@pytest.mark.usefixtures("small_steps")
def test_killed_at_any_commit_the_certificate_is_issued_once(
    served: Graph, server: ServerAddress, tmp_path: Path, rng: np.random.Generator
) -> None:
    fill(served, tmp_path / "whole")
    said, complaint = act(server, "certify", "a causal", 100_000).communicate()
    assert said.startswith("whole"), complaint
    commits = int(said.split()[1])
    with WriterLock(served, "test") as lock:
        whole = checked(certify_erasure(served, lock))["claims"]
    # The last steps are those between which names, rows and claims go and come.
    late = drawn(rng, range(commits - 6, commits), 2)
    for last in (*drawn(rng, range(5, commits - 7), 1), *late):
        # Another graph each time, and so another log.
        shutil.rmtree(keys.directory() / "heads")
        fill(served, tmp_path / f"{last}")
        assert killed_at(server, "certify", "a causal", last)
        with WriterLock(served, "test") as lock:
            erasure.resume(served, lock, ErasureOptions(Path("none"), silent, certified=True))
            claims = checked(certify_erasure(served, lock))["claims"]
        assert open_journal(served) is None
        for name in ("before", "after", "removed", "rerated", "checks", "copies"):
            assert claims[name] == whole[name]
        acts = [row["act"] for row in read_log(served, 100)]
        assert (acts.count("erase"), acts.count("deleted")) == (1, 1)
        assert verify_log(served).findings == ()


def test_the_command_writes_it_or_says_why_not(served: Graph, tmp_path: Path) -> None:
    put_in(served, planted(tmp_path, 1), "a")
    put_in(served, planted(tmp_path, 2), "zqxsource")
    file, plan = tmp_path / "erasure.certificate", tmp_path / "plan.json"
    assert "Nothing was erased" in failed(4, "erase", "--resume", "--certificate", file)
    file.write_text("")
    erased = ("erase", "concept", CANARY, "--yes", "--certificate")
    assert "already exists" in failed(4, *erased, file)
    assert "no folder" in failed(3, *erased, tmp_path / "none" / "c")
    assert served.read("MATCH (d:Deletion) RETURN d") == []
    file.unlink()
    run("erase", "concept", CANARY, "--plan", plan)
    assert run("erase", "--apply", plan, "--yes", "--certificate", file).exit_code == 0
    first = checked(file.read_bytes())["claims"]
    assert first["verb"] == "erase" and first["removed"]["evidence"] > 0
    file.unlink()
    assert "certifies the last erasure" in run("erase", "--resume", "--certificate", file).stderr
    assert checked(file.read_bytes())["claims"] == first
    # An erasure without one, afterwards: there is none to be had of it.
    assert run("erase", "source", "zqxsource", "--yes").exit_code == 0
    said = failed(4, "erase", "--resume", "--certificate", tmp_path / "other")
    assert "no certificate was requested" in said
    assert not list(tmp_path.glob("*other*"))


def copies(claims: dict[str, Any]) -> Iterable[str]:
    return [copy["kind"] for copy in claims["copies"]]


@pytest.fixture
def managed(
    second_home: Path, second_server: ServerAddress, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Graph]:
    """An empty graph of a managed server, which is the one that is copied after an erasure."""
    monkeypatch.setenv("HARTONOMOUS_HOME", str(second_home))
    with connect_managed(second_server) as graph:
        wipe(graph)
        shutil.rmtree(keys.directory(), ignore_errors=True)
        yield graph


def test_no_byte_of_a_copied_store_keeps_what_was_erased(
    managed: Graph, second_home: Path, tmp_path: Path
) -> None:
    managed.change_schema("CREATE INDEX own IF NOT EXISTS FOR (n:Own) ON (n.name)")
    managed.write(
        "CREATE (n:Own:`Odd one` {name: 'x', empty: [], none: ['', 'a'], at: datetime(), p: point({x: 1, y: 2}), "
        "big: 9007199254740993, real: -0.0, flags: [true, false], text: $text, inf: 1.0 / 0.0})"
        "-[:OWN {since: date('2020-01-01'), list: []}]->(n)",
        text='a " , \\ \n\r b\u2028',
    )
    managed.system("CREATE USER reader IF NOT EXISTS SET PASSWORD 'abcdefgh1' CHANGE NOT REQUIRED")
    put_in(managed, planted_at(tmp_path, 1), "a")
    put_in(managed, planted_at(tmp_path, 8, everywhere=True), "zqxsource")
    snap(managed, "zqxsource")
    take_out(managed, Selectors(sources=("zqxsource",)))
    put_in(managed, of(planted_at(tmp_path, 2, everywhere=True), subject=PERSON), "zqxsource")
    wait(managed, planted_at(tmp_path, 9), "waits")
    assert find_bytes(second_home, [PLACE])
    before = structure(managed)
    with WriterLock(managed, "test") as lock:
        done = erase(managed, lock, CHOSEN, ErasureOptions(Path("none"), silent, certified=True))
        certificate = certify_erasure(managed, lock, done.id, done.scan)
    assert (done.scan, done.found_in) == (Scan(3, 0), ())
    assert "store" not in " ".join(done.remaining_copies)
    assert structure(managed) == before
    assert "reader" in str(managed.system("SHOW USERS YIELD user RETURN user"))
    assert verify_log(managed).findings == ()
    claims = checked(certificate)["claims"]
    assert copies(claims) == ["disk", "backup", "export", "projection"]
    assert claims["checks"][-1] == {"query": "scan/store", "expected": 0, "got": 0, "sha256": None}
    assert not find_bytes(second_home, [CANARY, PLACE])
    assert (done.deletions_purged, done.snapshots_dropped, done.bundles_purged) == (1, 1, 1)
    for text in (CANARY, "zqxsource", PERSON, PLACE):
        assert holding(managed, text) == []
    for chosen in (CHOSEN, Selectors(people=(PERSON,))):
        assert "No copy exists" in refused_again(managed, chosen)
    assert [row["state"] for row in journals(managed)][-1] == "compacted"
    put_in(managed, random_bundle(tmp_path, 7), "more")
    managed.change_schema("DROP INDEX own")


def test_a_copy_that_failed_is_made_up(
    managed: Graph, second_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_in(managed, planted(tmp_path, 1), "a")
    put_in(managed, random_bundle(tmp_path, 2), "b")
    usage = shutil.disk_usage(second_home)
    with monkeypatch.context() as full, WriterLock(managed, "test") as lock:
        full.setattr(shutil, "disk_usage", lambda place: usage._replace(free=70 << 20))
        with pytest.raises(ServerError, match="Nothing was erased"):
            erase(managed, lock, Selectors(sources=("a",)), ErasureOptions(Path("none"), silent))
        assert journals(managed) == []
    with monkeypatch.context() as broken, WriterLock(managed, "test") as lock:
        broken.setattr(compaction, "import_rows", failing)
        with pytest.raises(ServerError, match="is done, but the store was not copied"):
            erase(managed, lock, Selectors(sources=("a",)), ErasureOptions(Path("none"), silent))
    left = exported(managed)
    assert [row["state"] for row in journals(managed)] == ["compacting"]
    # Deleting alone leaves bytes; or the search could not fail.
    assert find_bytes(second_home / "data", [CANARY])
    assert "copied" in check_named("store").seen
    said: list[str] = []
    make_up(second_home, managed, said.append, silent)
    assert (exported(managed), [row["state"] for row in journals(managed)]) == (left, ["compacted"])
    assert not find_bytes(second_home, [CANARY])
    assert check_named("store").verdict == "ok"
    make_up(second_home, managed, said.append, silent)
    assert len(said) == 3


def failing(*_: object) -> None:
    raise ServerError("The import was ended.")


def check_named(name: str) -> Check:
    return next(check for check in doctor() if check.name == name)


def test_a_text_found_in_the_store_is_said(filled: Graph) -> None:
    facts = checked(certified(filled, CHOSEN, Scan(2, 1)))
    assert [check["query"] for check in facts["left"]] == ["scan/store"]
    assert "store" in copies(facts["claims"])
