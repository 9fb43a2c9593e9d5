"""Files that are read back: edited with every digest made anew, they are refused or told."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hartonomous.audit.audit_report import audit
from hartonomous.bundle import read_bundle
from hartonomous.delete.deletion import apply, delete, resume
from hartonomous.delete.deletion_plan import plan
from hartonomous.delete.plan_files import plan_digest, read_plan, rows_folder, write_plan
from hartonomous.delete.retention_area import area, read_retained
from hartonomous.delete.selectors import Selectors
from hartonomous.delete.undo import undo
from hartonomous.erase.erasure import ErasureOptions, erase
from hartonomous.errors import BadInput, Conflict, HartonomousError, VerificationFailed
from hartonomous.graph.driver import Graph
from hartonomous.graph.writer_lock import WriterLock
from hartonomous.identity import canonical_json, content_digest, file_digest
from hartonomous.transparency import keys
from hartonomous.transparency.signing import sign_note
from hartonomous.transparency.transparency_log import read_log
from hartonomous.versions.backup import back_up, restore
from hartonomous.versions.rollback import plan_rollback
from hartonomous.versions.snapshots import create_snapshot, snapshot_folder
from tests.building import exported, lose, put_in, random_bundle, silent
from tests.command_line import failed, run
from tests.signing_keys import new_key

Sign = Callable[[Mapping[str, Any]], str | None]


def keep(value: Mapping[str, Any]) -> str | None:
    return value.get("signature")


def drop(value: Mapping[str, Any]) -> str | None:
    return None


def as_stranger(value: Mapping[str, Any]) -> str | None:
    """Sign as somebody else would: with a key of theirs, everything else right."""
    digest = content_digest("plan", {"digest": value["digest"]})
    return sign_note(f"hartonomous/plan\n{digest}\n", new_key())


def resign(file: Path, sign: Sign, **changed: Any) -> None:
    """Put a plan's digests right, as a forger does who knows how they are made."""
    summary = json.loads(file.read_text()) | changed
    rows = rows_folder(file)
    summary["files"] = {part.name: file_digest(part) for part in rows.iterdir()}
    summary["digest"] = plan_digest(summary)
    signature = sign(summary)
    summary.pop("signature", None)
    summary |= {} if signature is None else {"signature": signature}
    file.chmod(0o600)
    file.write_text(canonical_json(summary) + "\n")


def set_elos(file: Path, rows: int = 2) -> None:
    """Let a plan give relations that stay the elo 9999."""
    part = rows_folder(file) / "relations.parquet"
    table = pq.read_table(part)
    elo, n = table["elo"].to_numpy().copy(), table["n"].to_numpy()
    chosen = np.flatnonzero(n > 0)[:rows]
    assert len(chosen) == rows
    elo[chosen] = 9999.0
    place = table.schema.get_field_index("elo")
    pq.write_table(table.set_column(place, table.schema.field("elo"), pa.array(elo)), part)


@pytest.fixture
def filled(served: Graph, tmp_path: Path) -> Graph:
    for seed, name in ((2, "one"), (3, "two"), (4, "three")):
        put_in(served, random_bundle(tmp_path, seed, size=80), name)
    return served


@pytest.mark.parametrize("sign", [keep, drop, as_stranger])
def test_a_forged_plan_is_not_done(filled: Graph, tmp_path: Path, sign: Sign) -> None:
    file, before = tmp_path / "plan.json", exported(filled)
    write_plan(plan(filled, Selectors(sources=("one",)), silent), file)
    set_elos(file)
    resign(file, sign)
    said = "changed after" if sign is keep else "elo is 9999.0, expected"
    assert said in failed(4, "delete", "--apply", file, "--yes", "--certificate", tmp_path / "c")
    assert said in failed(4, "erase", "--apply", file, "--yes", "--certificate", tmp_path / "c")
    assert exported(filled) == before and not (tmp_path / "c").exists()
    assert audit(filled, silent, full=True)["findings"] == []


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (lambda summary: {"selectors": {"sources": ["two"]}}, "its compositions|its sources|table"),
        (lambda summary: {"votes": {"two": [1, "made up"]}}, "its votes differs"),
        (lambda summary: {"after": {"digest": "0" * 64}}, "its after differs"),
        (lambda summary: {"more": 1}, "its more differs"),
        (lambda summary: {"selectors": {"sources": ["nobody"]}}, "cannot be planned"),
        (lambda summary: {"selectors": {"unheard": ["of"]}}, "cannot be planned"),
        (
            lambda summary: {"sources": {**summary["sources"], "two": summary["sources"]["one"]}},
            "its sources differs",
        ),
    ],
)
def test_every_part_of_a_plan_from_elsewhere_is_compared(
    filled: Graph, tmp_path: Path, edit: Callable[[Any], dict[str, Any]], said: str
) -> None:
    file = tmp_path / "plan.json"
    write_plan(plan(filled, Selectors(sources=("one",)), silent), file)
    resign(file, drop, **edit(json.loads(file.read_text())))
    with WriterLock(filled, "test") as lock, pytest.raises(Conflict, match=said):
        apply(filled, lock, read_plan(file), silent)


@pytest.mark.parametrize("sign", [drop, as_stranger])
def test_an_honest_plan_from_elsewhere_is_done_and_said_to_be_one(
    filled: Graph, tmp_path: Path, sign: Sign
) -> None:
    file = tmp_path / "plan.json"
    planned = plan(filled, Selectors(sources=("one",)), silent)
    write_plan(planned, file)
    assert read_plan(file).trusted
    resign(file, sign)
    assert not read_plan(file).trusted
    done = run("delete", "--apply", file, "--yes")
    assert "not signed with a key used here" in done.stderr
    assert audit(filled, silent, full=True)["findings"] == []


def forge_kept(deletion: str, sign: Sign) -> None:
    """Let what is kept of a deletion hold a row that was never there."""
    folder = area() / deletion
    part = rows_folder(folder / "plan.json") / "EMBEDDING_EVIDENCE.parquet"
    table = pq.read_table(part)
    n = np.array([7, *table["n"].to_numpy()[1:]], dtype=np.int32)
    place = table.schema.get_field_index("n")
    pq.write_table(table.set_column(place, table.schema.field("n"), pa.array(n)), part)
    resign(folder / "plan.json", sign)
    record = json.loads((folder / "record.json").read_text())
    record["plan"] = json.loads((folder / "plan.json").read_text())["digest"]
    if sign is drop:
        record["signature"] = ""
    (folder / "record.json").write_text(canonical_json(record) + "\n")


@pytest.mark.parametrize("sign", [keep, drop, as_stranger])
def test_forged_rows_are_not_restored(filled: Graph, tmp_path: Path, sign: Sign) -> None:
    with WriterLock(filled, "test") as lock:
        create_snapshot(filled, lock, "then", silent)
        first = delete(filled, lock, Selectors(sources=("one",)), silent)
        left = exported(filled)
        forge_kept(first.id, sign)
        for act in (
            lambda: undo(filled, lock, first.id, silent),
            lambda: plan_rollback(filled, "then"),
            lambda: erase(
                filled, lock, Selectors(sources=("two",)), ErasureOptions(tmp_path / "none", silent)
            ),
        ):
            with pytest.raises(HartonomousError, match=r"was changed|were changed|were replaced"):
                act()
        assert exported(filled) == left
        shutil.rmtree(area() / first.id)
    assert audit(filled, silent, full=True)["findings"] == []


def test_a_kept_plan_of_another_deletion_is_no_kept_plan(filled: Graph) -> None:
    """Both were signed here; put in the other's place, each is refused, and so is a longer window."""
    with WriterLock(filled, "test") as lock:
        one, two = (
            delete(filled, lock, Selectors(sources=(name,)), silent).id for name in ("one", "two")
        )
        for name in ("plan.json", "plan.json.rows"):
            (area() / one / name).rename(area() / "away")
            (area() / two / name).rename(area() / one / name)
            (area() / "away").rename(area() / two / name)
        with pytest.raises(VerificationFailed, match="were replaced"):
            undo(filled, lock, one, silent)
        shutil.copy(area() / one / "record.json", area() / two / "record.json")
        with pytest.raises(VerificationFailed, match="was changed"):
            undo(filled, lock, two, silent)
        record = json.loads((area() / one / "record.json").read_text())
        record["until"] = "2999-01-01T00:00:00+00:00"
        (area() / one / "record.json").write_text(canonical_json(record))
        with pytest.raises(VerificationFailed, match="was changed"):
            read_retained(one)


def test_what_an_older_version_kept_is_signed_once(filled: Graph) -> None:
    before = exported(filled)
    with WriterLock(filled, "test") as lock:
        first = delete(filled, lock, Selectors(sources=("one",)), silent)
        second = delete(filled, lock, Selectors(sources=("two",)), silent)
        for made in (first, second):
            folder = area() / made.id
            resign(folder / "plan.json", drop)
            record = json.loads((folder / "record.json").read_text())
            (folder / "record.json").write_text(
                canonical_json({k: v for k, v in record.items() if k not in ("plan", "signature")})
            )
        (keys.directory() / "signed-retained").unlink()
        undo(filled, lock, second.id, silent)
        forge_kept(first.id, drop)
        with pytest.raises(VerificationFailed, match="was changed"):
            undo(filled, lock, first.id, silent)
    assert exported(filled) != before
    assert resume(filled, lock, silent) is None


def test_a_forged_snapshot_is_not_rolled_back_to(filled: Graph) -> None:
    with WriterLock(filled, "test") as lock:
        create_snapshot(filled, lock, "then", silent)
    file = snapshot_folder() / "then" / "snapshot.json"
    described = json.loads(file.read_text())
    described["sources"].pop("two")
    file.write_text(canonical_json(described))
    with pytest.raises(BadInput, match="was changed after it was signed"):
        plan_rollback(filled, "then")
    del described["signature"]
    file.write_text(canonical_json(described))
    with pytest.raises(VerificationFailed, match="not signed by a key used here"):
        plan_rollback(filled, "then")


def test_a_backup_that_was_not_signed_here_is_told(filled: Graph, tmp_path: Path) -> None:
    file, forged = tmp_path / "graph.backup", tmp_path / "forged.backup"
    with WriterLock(filled, "test") as lock:
        back_up(filled, lock, file, silent)
    before = exported(filled)
    with zipfile.ZipFile(file) as packed, zipfile.ZipFile(forged, "w") as other:
        for name in packed.namelist():
            data = packed.read(name)
            if name == "manifest.json":
                manifest = json.loads(data)
                del manifest["signature"]
                data = canonical_json(manifest).encode()
            other.writestr(name, data)
    lose(filled)
    assert "not signed with a key used here" in run("restore", forged).stderr
    assert exported(filled) == before
    assert json.loads(read_log(filled, 1)[0]["entry"])["details"]["signed"] == 0
    assert audit(filled, silent, full=True)["findings"] == []
    lose(filled)
    with WriterLock(filled, "test") as lock:
        assert restore(filled, lock, file, silent).signed


def test_what_a_backup_holds_is_no_plan(filled: Graph, tmp_path: Path) -> None:
    """It says too little of relations, and signed here for another use it is refused."""
    with WriterLock(filled, "test") as lock:
        back_up(filled, lock, tmp_path / "backup", silent)
    with zipfile.ZipFile(tmp_path / "backup") as packed:
        packed.extractall(tmp_path / "parts")
    with pytest.raises(Conflict, match="were changed"):
        read_plan(tmp_path / "parts" / "knowledge.json")


@pytest.mark.parametrize("column", ["support", "rank", "directed"])
def test_a_bundle_whose_evidence_was_edited_is_refused(
    graph: Graph, tmp_path: Path, column: str
) -> None:
    """What follows from other columns; n and weight are taken as they are."""
    bundle = random_bundle(tmp_path, 2)
    part = bundle.path / "EMBEDDING_EVIDENCE.parquet"
    table = pq.read_table(part)
    values = table[column].to_numpy().copy()
    values[0] = values[0] + 900 if column != "directed" else 3 - values[0]
    place = table.schema.get_field_index(column)
    changed = pa.array(values, table.schema.field(column).type)
    pq.write_table(table.set_column(place, table.schema.field(column), changed), part)
    manifest = json.loads((bundle.path / "manifest.json").read_text())
    manifest["files"][part.name] = file_digest(part)
    del manifest["digest"]
    manifest["digest"] = content_digest("bundle", manifest)
    (bundle.path / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(BadInput, match="support that its counts do not give"):
        put_in(graph, read_bundle(bundle.path), "one")
