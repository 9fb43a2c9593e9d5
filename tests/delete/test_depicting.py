"""Deleting a concept with the pictures that show it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from hartonomous.bundle import Bundle, BundleWriter, OpenedFile, SourceDescription, TrackDescription
from hartonomous.counted_rows import counted_rows, margins
from hartonomous.delete.deletion_plan import plan
from hartonomous.delete.selectors import Selectors
from hartonomous.delete.undo import undo
from hartonomous.errors import UsageError
from hartonomous.evidence import COMPOSITIONS
from hartonomous.graph.driver import Graph
from hartonomous.graph.writer_lock import WriterLock
from hartonomous.identity import composition_key, content_digest
from hartonomous.schema import MICRO, TrackConstants, evidence_type
from tests.building import exported, put_in, silent, take_out

SHOWN = {
    ("Image", "a1"): ["dog", "tree"],
    ("Image", "b2"): ["tree"],
    ("Image", "c3"): ["c3-part"],
    ("Region", "c3-part"): ["dog"],
    ("Feature", "brown"): ["dog"],
}
"""What each picture, or part of one, shows."""


def pictures(folder: Path) -> Bundle:
    """Return a bundle of pictures and what they show."""
    kinds = {text: kind for kind, text in SHOWN} | {"dog": "Token", "tree": "Token"}
    names = sorted(kinds, key=lambda text: composition_key(kinds[text], text))
    row = {name: place for place, name in enumerate(names)}
    pairs = [(row[text], row[label]) for (_, text), labels in SHOWN.items() for label in labels]
    start, end = np.array(pairs, dtype=np.int64).T
    n = np.ones(len(pairs), dtype=np.int64)
    kind = evidence_type("DEPICTION_EVIDENCE")
    among, total = margins(kind, start, end, n)
    counts = {"start": start, "end": end, "n": n, "weight": n * MICRO, **among}
    table = counted_rows(kind, counts, TrackConstants(1, 0, len(names), total))
    keys = [composition_key(kinds[text], text) for text in names]
    compositions = pa.table([keys, names, [kinds[text] for text in names]], schema=COMPOSITIONS)
    file = OpenedFile("pictures", content_digest("test", {}), 1)
    track = TrackDescription(
        kind.name,
        ("boxes",),
        0,
        len(names),
        0,
        kind.trust or 0,
        0,
        1.0,
        len(n),
        len(n),
        total=total,
    )
    with BundleWriter(folder / "pictures") as writer:
        writer.write_compositions(compositions)
        writer.write_evidence(kind.name, iter([table]))
        return writer.finish(SourceDescription("images", "test", (file,), {}, 0), (track,))


@pytest.fixture
def shown(graph: Graph, tmp_path: Path) -> Graph:
    put_in(graph, pictures(tmp_path), "pictures")
    return graph


def test_pictures_that_show_a_concept_go_with_it(shown: Graph) -> None:
    before = exported(shown)
    planned = plan(shown, Selectors(concepts=("dog",), depicting=True), silent)
    told = {one["text"]: one["why"] for one in planned.summary["compositions"]}
    assert told == {
        "dog": "concept",
        "a1": "depicts it",
        "c3-part": "depicts it",
        "c3": "depicts it",
    }
    gone = take_out(shown, Selectors(concepts=("dog",), depicting=True))
    left = {row["t"] for row in shown.read("MATCH (c:Composition) RETURN c.text AS t")}
    assert left == {"b2", "tree"}
    with WriterLock(shown, "test") as lock:
        undo(shown, lock, gone, silent)
    assert exported(shown) == before


def test_without_it_pictures_lose_the_label_alone(shown: Graph) -> None:
    take_out(shown, Selectors(concepts=("dog",)))
    left = {row["t"] for row in shown.read("MATCH (c:Composition) RETURN c.text AS t")}
    assert {"a1", "b2", "c3", "tree"} <= left


def test_pictures_of_nothing_are_not_selected(shown: Graph) -> None:
    with pytest.raises(UsageError, match="--depicting extends a concept"):
        plan(shown, Selectors(sources=("pictures",), depicting=True), silent)
