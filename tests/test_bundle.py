"""A bundle is whole or refused."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hartonomous.bundle import BundleWriter, read_bundle
from hartonomous.bundle_scan import scan
from hartonomous.errors import BadInput, Conflict
from hartonomous.evidence import allowed_ends, check, columns
from hartonomous.extract.extraction import ExtractOptions, extract_cached, open_model
from hartonomous.extract.importer_protocol import OpenOptions
from hartonomous.schema import evidence_type
from tests.building import random_bundle, silent, write_vectors

EMBEDDING = evidence_type("EMBEDDING_EVIDENCE")


def test_what_is_written_is_read(tmp_path: Path) -> None:
    written = random_bundle(tmp_path, 1)
    read = read_bundle(written.path)
    assert read == written
    scan(read)
    (track,) = read.tracks
    whole = pa.Table.from_batches(read.evidence(track, 7))
    assert whole.num_rows == track.rows
    sizes = {batch.num_rows for batch in list(read.evidence(track, 7))[:-1]}
    assert sizes == {7}


@pytest.mark.parametrize(
    "name", ["manifest.json", "compositions.parquet", "EMBEDDING_EVIDENCE.parquet"]
)
@pytest.mark.parametrize("damage", ["flip", "cut", "remove"])
def test_damage_is_refused(tmp_path: Path, name: str, damage: str) -> None:
    file = random_bundle(tmp_path, 1).path / name
    raw = bytearray(file.read_bytes())
    if damage == "remove":
        file.unlink()
    else:
        raw[len(raw) // 2] ^= 1
        file.write_bytes(bytes(raw if damage == "flip" else raw[: len(raw) // 2]))
    with pytest.raises(BadInput):
        read_bundle(file.parent)


def test_a_manifest_may_not_name_files_elsewhere(tmp_path: Path) -> None:
    bundle = random_bundle(tmp_path, 1)
    manifest = json.loads((bundle.path / "manifest.json").read_text())
    manifest["files"]["../secret"] = manifest["files"].pop("compositions.parquet")
    (bundle.path / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(BadInput):
        read_bundle(bundle.path)


def test_leaving_early_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), BundleWriter(tmp_path / "b"):
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_ingest_left_goes_with_the_next(tmp_path: Path) -> None:
    words = ["king", "queen", "prince", "throne"]
    path = write_vectors(tmp_path / "model", words, np.eye(4, 3, dtype=np.float32) + 1)
    model, options = open_model(str(path), OpenOptions()), ExtractOptions()
    whole = extract_cached(model, options, tmp_path / "cache", silent)
    process = subprocess.Popen(["true"])
    process.wait()
    shutil.copytree(whole.path, tmp_path / "cache" / f".another.{process.pid}.partial")
    assert extract_cached(model, options, tmp_path / "cache", silent) == whole
    assert list((tmp_path / "cache").iterdir()) == [whole.path]


def test_an_existing_folder_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    with pytest.raises(Conflict, match="already exists"), BundleWriter(tmp_path / "b"):
        pass


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("start", 99),
        ("end", -1),
        ("end", 0),
        ("n", 0),
        ("weight", 5_000_000),
        ("directed", 3),
        ("positions", []),
    ],
)
def test_rows_that_break_the_promise_are_refused(
    tmp_path: Path, column: str, value: object
) -> None:
    bundle = random_bundle(tmp_path, 1)
    table = pq.read_table(bundle.path / "EMBEDDING_EVIDENCE.parquet").cast(columns(EMBEDDING))
    values = table[column].to_pylist()
    values[3] = value
    place = table.schema.names.index(column)
    field = table.schema.field(column)
    lying = table.set_column(place, field, pa.array(values, field.type))
    ends = allowed_ends(EMBEDDING, np.full(60, "Token", dtype=object))
    check(table, EMBEDDING, ends)
    with pytest.raises(BadInput, match="row"):
        check(lying, EMBEDDING, ends)


@pytest.mark.parametrize(
    ("column", "value", "fault"),
    [
        ("kind", "Symbol", "row 3, the Symbol .* has the key of another one"),
        ("text", "somebody", "row 3, the Token 'somebody', has the key of another one"),
        ("kind", "Word", "row 3 is of the kind 'Word', which there is not"),
    ],
)
def test_a_composition_of_another_kind_or_text_than_its_key_is_refused(
    tmp_path: Path, column: str, value: str, fault: str
) -> None:
    bundle = random_bundle(tmp_path, 1)
    table = bundle.compositions()
    values = table[column].to_pylist()
    values[3] = value
    place = table.schema.get_field_index(column)
    (track,) = bundle.tracks
    with BundleWriter(tmp_path / "other") as writer:
        writer.write_compositions(table.set_column(place, table.schema.field(column), [values]))
        writer.write_evidence(
            track.evidence,
            map(lambda one: pa.Table.from_batches([one]), bundle.evidence(track, 1000)),
        )
        other = writer.finish(bundle.source, bundle.tracks)
    with pytest.raises(BadInput, match=fault):
        scan(other)
