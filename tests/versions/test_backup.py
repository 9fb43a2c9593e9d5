"""A backup restored is the graph that was, but for what was erased since."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest

from hartonomous.delete.deletion import delete
from hartonomous.delete.selectors import Selectors
from hartonomous.erase.erasure import ErasureOptions, erase
from hartonomous.errors import BadInput, Conflict
from hartonomous.graph.driver import Graph
from hartonomous.graph.state_digest import state_digest
from hartonomous.graph.writer_lock import WriterLock
from hartonomous.load.suppression_list import suppressions
from hartonomous.server.managed_server import ServerAddress
from hartonomous.transparency.transparency_log import read_log, verify_log
from hartonomous.versions.backup import back_up, restore
from hartonomous.versions.snapshots import create_snapshot, drop_snapshot, list_snapshots
from tests.building import (
    causal_bundle,
    exported,
    fill,
    lose,
    put_in,
    random_bundle,
    silent,
    structure,
    word_of,
)
from tests.command_line import failed, run
from tests.killed_processes import act, killed_at
from tests.seed import drawn


@pytest.fixture
def filled(served: Graph, tmp_path: Path) -> Graph:
    put_in(served, causal_bundle(tmp_path, 1), "causal")
    put_in(served, random_bundle(tmp_path, 2, size=118), "one")
    put_in(served, random_bundle(tmp_path, 3, size=60), "two")
    return served


def test_what_was_lost_comes_back(filled: Graph, tmp_path: Path) -> None:
    file = tmp_path / "graph.backup"
    with WriterLock(filled, "test") as lock:
        delete(filled, lock, Selectors(concepts=(word_of(filled),)), silent)
        create_snapshot(filled, lock, "then", silent)
    fresh = structure(filled)
    before, acts = exported(filled), [row["entry"] for row in read_log(filled, 100)]
    made = json.loads(run("backup", file, "--json").stdout)
    assert (made["sources"], made["entries"], made["snapshots"]) == (3, len(acts), 1)
    assert file.stat().st_mode & 0o777 == 0o600
    assert "--force" in failed(4, "backup", file)
    assert "holds sources" in failed(4, "restore", file)
    with WriterLock(filled, "test") as lock:
        drop_snapshot(filled, lock, "then")
    lose(filled)
    report = json.loads(run("restore", file, "--json").stdout)
    assert exported(filled) == before
    assert structure(filled) == fresh
    assert (report["evidence"], report["kept_out"]) == (made["evidence"], 0)
    assert [one.name for one in list_snapshots()] == ["then"]
    now = read_log(filled, 100)
    assert [row["entry"] for row in now][-len(acts) :] == acts
    # The snapshot was dropped after the backup: the log says that it went on elsewhere.
    assert report["adopted"]
    assert [row["act"] for row in now[: len(now) - len(acts)]] == ["restore", "adopt"]
    assert verify_log(filled).findings == ()


def test_a_backup_does_not_bring_back_what_was_erased(filled: Graph, tmp_path: Path) -> None:
    word = word_of(filled)
    with WriterLock(filled, "test") as lock:
        create_snapshot(filled, lock, "then", silent)
        back_up(filled, lock, tmp_path / "early", silent)
        for selectors in (Selectors(concepts=(word,)), Selectors(sources=("two",))):
            erase(filled, lock, selectors, ErasureOptions(tmp_path / "none", silent))
    left, kept_out = exported(filled), {row["id"] for row in suppressions(filled)}
    lose(filled)
    with WriterLock(filled, "test") as lock:
        report = restore(filled, lock, tmp_path / "early", silent)
    assert report.kept_out > 0
    assert exported(filled) == left
    assert {row["id"] for row in suppressions(filled)} == kept_out
    assert list_snapshots() == []
    assert not any("source:two" in row["names"] for row in read_log(filled, 100))
    assert verify_log(filled).findings == ()


def test_what_no_hash_tells_is_not_restored(filled: Graph, tmp_path: Path) -> None:
    (pair,) = filled.read(
        "MATCH (a:Token)-[:EMBEDDING_EVIDENCE]->(b:Token) RETURN a.text AS a, b.text AS b LIMIT 1"
    )
    with WriterLock(filled, "test") as lock:
        back_up(filled, lock, tmp_path / "early", silent)
        erase(
            filled,
            lock,
            Selectors(relations=((pair["a"], pair["b"]),)),
            ErasureOptions(tmp_path / "no", silent),
        )
        back_up(filled, lock, tmp_path / "late", silent)
    left = exported(filled)
    lose(filled)
    with WriterLock(filled, "test") as lock:
        # Only who had the graph's name kept outside can tell.
        with pytest.raises(Conflict, match="no hash tells"):
            restore(filled, lock, tmp_path / "early", silent)
        assert exported(filled) == []
        restore(filled, lock, tmp_path / "late", silent)
    assert exported(filled) == left


@pytest.mark.usefixtures("small_steps")
def test_a_restore_killed_at_any_commit_goes_on(
    served: Graph, server: ServerAddress, tmp_path: Path, rng: np.random.Generator
) -> None:
    fill(served, tmp_path)
    with WriterLock(served, "test") as lock:
        create_snapshot(served, lock, "then", silent)
        back_up(served, lock, tmp_path / "backup", silent)
        drop_snapshot(served, lock, "then")
    before, digest = exported(served), state_digest(served)
    lose(served)
    whole = act(server, "restore", str(tmp_path / "backup"), 100_000)
    commits = int(whole.communicate(timeout=300)[0].split()[1])
    assert exported(served) == before
    # At the beginning sources come before their rows; at the end it is logged.
    early, middle = drawn(rng, range(3, 14), 2), drawn(rng, range(14, commits - 3), 1)
    for last in (*early, *middle, *drawn(rng, range(commits - 3, commits), 1)):
        if list_snapshots():
            with WriterLock(served, "test") as lock:
                drop_snapshot(served, lock, "then")
        lose(served)
        assert killed_at(server, "restore", str(tmp_path / "backup"), last)
        done = "restore" in [row["act"] for row in read_log(served, 100)]
        with WriterLock(served, "test") as lock:
            if done:
                with pytest.raises(Conflict, match="holds sources"):
                    restore(served, lock, tmp_path / "backup", silent)
            else:
                restore(served, lock, tmp_path / "backup", silent)
        assert state_digest(served) == digest, last
        assert exported(served) == before
        assert [one.name for one in list_snapshots()] == ["then"]
        assert [row["act"] for row in read_log(served, 100)].count("restore") == 1
        assert verify_log(served).findings == ()
        assert served.read("MATCH (b:Batch) RETURN b") == []


def places(file: Path, rng: np.random.Generator, count: int) -> list[int]:
    """Return where bytes of parts stand; a part's header holds things that nobody reads, as its time."""
    whole, found = file.read_bytes(), []
    with zipfile.ZipFile(file) as packed:
        parts = [part for part in packed.infolist() if part.compress_size]
    for part in rng.choice(np.array(parts, dtype=object), size=count):
        header = whole[part.header_offset : part.header_offset + 30]
        lengths = int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little")
        begin = part.header_offset + len(header) + lengths
        found.append(begin + int(rng.integers(part.compress_size)))
    return found


def test_a_damaged_backup_is_refused(
    served: Graph, tmp_path: Path, rng: np.random.Generator
) -> None:
    put_in(served, random_bundle(tmp_path, 2, size=60), "one")
    file = tmp_path / "graph.backup"
    run("backup", file)
    whole = file.read_bytes()
    lose(served)
    with WriterLock(served, "test") as lock:
        for cut in (0, 1, len(whole) // 2, len(whole) - 1):
            file.write_bytes(whole[:cut])
            with pytest.raises(BadInput):
                restore(served, lock, file, silent)
        file.write_bytes(whole)
        for place in places(file, rng, 10):
            file.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
            try:
                restore(served, lock, file, silent)
            except BadInput:
                continue
            pytest.fail(f"byte {place} was changed and nobody noticed")
    assert served.read("MATCH (n:Composition|Source|LogEntry) RETURN n") == []
    failed(7, "restore", file)


def repacked(file: Path, target: Path, compression: int, more: dict[str, bytes]) -> Path:
    """A backup with its parts packed another way, and with more of them."""
    with zipfile.ZipFile(file) as whole, zipfile.ZipFile(target, "w", compression) as packed:
        for part in whole.infolist():
            packed.writestr(part.filename, whole.read(part))
        for name, content in more.items():
            packed.writestr(name, content)
    return target


def test_a_backup_unpacks_to_no_more_than_it_is(
    served: Graph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_in(served, random_bundle(tmp_path, 2, size=60), "one")
    file = tmp_path / "graph.backup"
    run("backup", file)
    lose(served)
    target = tmp_path / "other.backup"
    with WriterLock(served, "test") as lock:
        repacked(file, target, zipfile.ZIP_DEFLATED, {"manifest.json.rows/x": bytes(4 << 20)})
        with pytest.raises(BadInput, match="compressed"):
            restore(served, lock, target, silent)
        repacked(file, target, zipfile.ZIP_STORED, {"more": b"x"})
        with pytest.raises(BadInput, match="other files than its manifest"):
            restore(served, lock, target, silent)
        usage = shutil.disk_usage(tmp_path)
        with monkeypatch.context() as full:
            full.setattr(shutil, "disk_usage", lambda place: usage._replace(free=10))
            with pytest.raises(BadInput, match="make room"):
                restore(served, lock, file, silent)
        restore(served, lock, repacked(file, target, zipfile.ZIP_STORED, {}), silent)
