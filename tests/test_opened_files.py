"""Opened files: few are listed as ever, many are columns with a root, and a wrong table is refused."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hartonomous.api.knowledge_graph import KnowledgeGraph
from hartonomous.audit.audit_report import audit
from hartonomous.bundle import (
    FILES_FILE,
    MANIFEST,
    Bundle,
    BundleWriter,
    SourceDescription,
    read_bundle,
    waiting_key,
)
from hartonomous.errors import BadInput
from hartonomous.evaluate.advice import advise
from hartonomous.graph.driver import Graph
from hartonomous.identity import canonical_json, content_digest, file_digest
from hartonomous.merkle import leaf_hash, root
from hartonomous.opened_files import (
    FILES,
    MOST_IN_DIGEST,
    MOST_LISTED,
    FilesSummary,
    OpenedFile,
    OpenedFiles,
    kept_files,
    stated_files,
)
from hartonomous.proof.provenance import FORMATS
from tests.building import put_in, random_bundle, silent
from tests.command_line import run

DIGESTS = [content_digest("test", {"n": number}) for number in range(50)]


def files_of(count: int) -> list[OpenedFile]:
    """Return files out of order, some of the same content."""
    return [
        OpenedFile(f"pictures/{(number * 7919) % count:07d}.jpg", DIGESTS[number % 50], number % 97)
        for number in range(count)
    ]


def described(files: Sequence[OpenedFile]) -> SourceDescription:
    return SourceDescription("images", "test", files, {"limit": None}, 0)


def with_files(bundle: Bundle, output: Path, files: Sequence[OpenedFile]) -> Bundle:
    """Return the same evidence as of other files."""
    (track,) = bundle.tracks
    with BundleWriter(output) as writer:
        writer.write_compositions(bundle.compositions())
        rows = pa.Table.from_batches(bundle.evidence(track, 1 << 20))
        writer.write_evidence(track.evidence, iter([rows]))
        return writer.finish(replace(bundle.source, files=files), bundle.tracks)


@pytest.fixture
def many(tmp_path: Path) -> Bundle:
    return with_files(random_bundle(tmp_path, 1), tmp_path / "many", files_of(MOST_LISTED + 1))


# ---------------------------------------------------------------- digests


def test_a_source_of_before_keeps_its_digest() -> None:
    for count in (0, 1, MOST_LISTED, MOST_LISTED + 1, 5_000):
        files = files_of(count)
        listed = sorted((file.name, file.digest) for file in files)
        said = {"files": listed, "options": {"limit": None}}
        assert described(files).digest == content_digest("source", said)
        assert described(files).bytes == sum(file.bytes for file in files)


def test_no_manifest_of_before_held_more_files_than_enter_a_digest() -> None:
    file = {"bytes": 1, "digest": "0" * 64, "name": "a"}
    one = json.dumps({"source": {"files": [file]}}, indent=2)
    two = json.dumps({"source": {"files": [file, file]}}, indent=2)
    assert (16 << 20) // (len(two) - len(one)) < MOST_IN_DIGEST


def test_of_more_files_the_root_enters_the_digest() -> None:
    files = files_of(MOST_IN_DIGEST + 1)
    source = described(files)
    assert isinstance(source.files, OpenedFiles)
    ordered = sorted(files, key=lambda file: (file.name, file.digest))
    leaves = [
        leaf_hash(canonical_json([file.name, file.digest, file.bytes]).encode()) for file in ordered
    ]
    summary = source.files.summary
    assert summary.root == root(leaves).hex()
    said = {"files": {"count": len(files), "root": summary.root}, "options": {"limit": None}}
    assert source.digest == content_digest("source", said)
    changed = [replace(files[5], digest="0" * 64), *files[:5], *files[6:]]
    assert described(changed).digest != source.digest
    assert described(files[::-1]).digest == source.digest


def test_a_few_files_stay_in_their_order() -> None:
    files = files_of(MOST_LISTED)
    assert kept_files(iter(files)) == tuple(files)
    assert kept_files(kept_files(files_of(1_500))) == OpenedFiles.of(files_of(1_500))


def test_columns_are_a_sequence_of_files() -> None:
    files = sorted(files_of(2_000), key=lambda file: file.name)
    kept = kept_files(files)
    assert isinstance(kept, OpenedFiles) and list(kept) == files
    assert (kept[0], kept[-1], list(kept[5:9])) == (files[0], files[-1], files[5:9])
    assert len(kept) == 2_000 and files[7] in kept
    assert kept.summary == FilesSummary(
        2_000, sum(file.bytes for file in files), kept.summary.root,
        max(files, key=lambda file: file.bytes).digest,
    )  # fmt: skip
    with pytest.raises(IndexError):
        kept[2_000]


# ---------------------------------------------------------------- bundles


def test_a_bundle_of_many_files_has_a_table_and_a_small_manifest(many: Bundle) -> None:
    read = read_bundle(many.path)
    assert read == many
    assert list(read.source.files) == list(many.source.files)
    assert (many.path / MANIFEST).stat().st_size < 5_000
    stated = json.loads((many.path / MANIFEST).read_text())["source"]["files"]
    assert stated.keys() == {"count", "bytes", "root", "largest"}
    assert pq.read_table(many.path / FILES_FILE).num_rows == stated["count"] == MOST_LISTED + 1
    assert waiting_key(read.source) == waiting_key(many.source)


def test_few_files_are_listed_in_the_manifest_as_ever(tmp_path: Path) -> None:
    files = files_of(MOST_LISTED)
    bundle = with_files(random_bundle(tmp_path, 1), tmp_path / "few", files)
    stated = json.loads((bundle.path / MANIFEST).read_text())["source"]["files"]
    assert stated == [{"name": f.name, "digest": f.digest, "bytes": f.bytes} for f in files]
    assert not (bundle.path / FILES_FILE).exists()


def rewritten(bundle: Bundle, change: Callable[[dict[str, Any]], None]) -> None:
    """Change a manifest, with digests that fit."""
    manifest = json.loads((bundle.path / MANIFEST).read_text())
    del manifest["digest"]
    change(manifest)
    manifest["digest"] = content_digest("bundle", manifest)
    (bundle.path / MANIFEST).write_text(json.dumps(manifest))


def listed_again(manifest: dict[str, Any]) -> None:
    files = sorted(files_of(MOST_LISTED + 1), key=lambda file: file.name)
    listed = [{"name": f.name, "digest": f.digest, "bytes": f.bytes} for f in files]
    manifest["source"]["files"] = listed


def test_a_manifest_of_before_that_lists_many_files_is_read(many: Bundle) -> None:
    (many.path / FILES_FILE).unlink()

    def change(manifest: dict[str, Any]) -> None:
        listed_again(manifest)
        del manifest["files"][FILES_FILE]

    rewritten(many, change)
    read = read_bundle(many.path)
    assert read.source == many.source and read.source.digest == many.source.digest


def without_table(manifest: dict[str, Any]) -> None:
    del manifest["files"][FILES_FILE]


def another_count(manifest: dict[str, Any]) -> None:
    manifest["source"]["files"]["count"] += 1


def another_size(manifest: dict[str, Any]) -> None:
    manifest["source"]["files"]["bytes"] -= 1


def another_largest(manifest: dict[str, Any]) -> None:
    manifest["source"]["files"]["largest"] = "0" * 64


def half_a_summary(manifest: dict[str, Any]) -> None:
    del manifest["source"]["files"]["root"]


def a_root_of_no_text(manifest: dict[str, Any]) -> None:
    manifest["source"]["files"]["root"] = 5


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (without_table, "does not name files.parquet"),
        (listed_again, "lists its files and the bundle has a"),
        (another_count, "other files than"),
        (another_size, "other files than"),
        (another_largest, "other files than"),
        (half_a_summary, "lacks or has too much"),
        (a_root_of_no_text, "lacks or has too much"),
    ],
)
def test_a_manifest_that_contradicts_the_table_is_refused(
    many: Bundle, change: Callable[[dict[str, Any]], None], fault: str
) -> None:
    rewritten(many, change)
    with pytest.raises(BadInput, match=fault):
        read_bundle(many.path)


def shuffled(table: pa.Table) -> pa.Table:
    return table.take(pa.array([*range(1, table.num_rows), 0]))


def renamed(table: pa.Table) -> pa.Table:
    return table.set_column(
        0, FILES.field("name"), pa.array([f"{i:05d}" for i in range(len(table))])
    )


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (shuffled, "not sorted by name"),
        (renamed, "other files than"),
        (lambda table: table.slice(1), "other files than"),
        (lambda table: table.drop_columns(["bytes"]), "the columns are"),
        (lambda table: table.append_column("more", table["bytes"]), "the columns are"),
    ],
)
def test_a_table_that_was_changed_is_refused(
    many: Bundle, change: Callable[[pa.Table], pa.Table], fault: str
) -> None:
    file = many.path / FILES_FILE
    pq.write_table(change(pq.read_table(file)), file)
    with pytest.raises(BadInput, match="damaged"):
        read_bundle(many.path)
    rewritten(many, lambda manifest: manifest["files"].update({FILES_FILE: file_digest(file)}))
    with pytest.raises(BadInput, match=fault):
        read_bundle(many.path)


# ---------------------------------------------------------------- in the graph


def test_every_reader_of_the_property_reads_both(
    served: Graph, tmp_path: Path, many: Bundle
) -> None:
    graph = served
    few = random_bundle(tmp_path, 3)
    put_in(graph, many, "many")
    put_in(graph, few, "few")
    (text,) = (
        row["f"] for row in graph.read("MATCH (s:Source {name: 'many'}) RETURN s.files AS f")
    )
    assert len(text) < 300
    stated = stated_files(text)
    assert stated.summary == many.source.files.summary  # type: ignore[attr-defined]
    assert stated.count == MOST_LISTED + 1
    for name, write in FORMATS.items():
        told = write(graph)
        assert stated.summary.root in told and few.source.files[0].digest in told, name
        assert f"{MOST_LISTED + 1}" in told
    source = KnowledgeGraph(graph, silent, lambda text: None).source("many")
    assert isinstance(source.files, dict) and source.files["root"] == stated.summary.root
    assert source.digest == many.source.digest
    assert stated.summary.root in run("source", "many").stdout
    (record,) = [one for one in audit(graph, silent)["sources"] if one["name"] == "many"]
    assert record["files"]["count"] == MOST_LISTED + 1
    # Its own copy, and a source of which it is known to share the largest file.
    found = advise(graph, many, [], [], None)
    assert any("many was opened from the same file" in reason for reason in found.reasons)
    largest = max(many.source.files, key=lambda file: file.bytes)
    single = with_files(few, tmp_path / "single", [replace(largest, name="copy.jpg")])
    found = advise(graph, single, [], [], None)
    assert any("many was opened from the same file" in reason for reason in found.reasons)


def test_a_property_that_was_edited_is_told() -> None:
    assert stated_files(None).count == 0
    for text in (
        "?",
        '[["a"]]',
        '{"count": 1}',
        '{"count":"1","bytes":1,"root":"","largest":""}',
        "5",
    ):
        with pytest.raises(ValueError):
            stated_files(text)
