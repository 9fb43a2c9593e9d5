"""Pictures have captions that follow from their places and labels, whatever happened before."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
from click.testing import CliRunner

from hartonomous.audit.audit_report import audit
from hartonomous.bundle import Bundle, BundleWriter, OpenedFile, SourceDescription, TrackDescription
from hartonomous.cli import main
from hartonomous.delete.selectors import Selectors
from hartonomous.evidence import COMPOSITIONS, columns
from hartonomous.graph.driver import Graph
from hartonomous.held_places import place_table
from hartonomous.identity import composition_keys, content_digest
from hartonomous.schema import MICRO, evidence_type
from tests.building import exported, put_in, silent, take_out, wipe
from tests.canaries import wipe_out
from tests.histories import take_back

DEPICTION = "DEPICTION_EVIDENCE"
DIGESTS = [content_digest("picture", {"n": n}) for n in range(3)]


def pictures(
    folder: Path, name: str, shown: dict[int, dict[str, int]], places: dict[int, list[str]]
) -> Bundle:
    """Return a bundle of pictures with labels, each seen so many times, and their places."""
    labels = sorted({label for own in shown.values() for label in own})
    texts = [DIGESTS[n] for n in shown] + labels
    kinds = ["Image"] * len(shown) + ["Token"] * len(labels)
    keys = composition_keys(kinds, texts)
    order = sorted(range(len(keys)), key=keys.__getitem__)
    row = {texts[at]: place for place, at in enumerate(order)}
    table = pa.table([[one[at] for at in order] for one in (keys, texts, kinds)], COMPOSITIONS)
    pairs = sorted(
        (row[DIGESTS[n]], row[label], times)
        for n, own in shown.items()
        for label, times in own.items()
    )
    layout = columns(evidence_type(DEPICTION))
    starts, ends, times = (list(one) for one in zip(*pairs, strict=True))
    values = {"start": starts, "end": ends, "n": times, "weight": [n * MICRO // 2 for n in times]}
    rows = pa.Table.from_arrays(
        [pa.array(values[field.name], field.type) for field in layout], schema=layout
    )
    held = [(row[DIGESTS[n]], place) for n, own in places.items() for place in own]
    file = OpenedFile(name, content_digest("test", {"name": name}), 1)
    source = SourceDescription("images", "test", (file,), {}, 0)
    track = TrackDescription(
        DEPICTION, ("labels",), 0, len(keys), 0, 0, 0, 1.0, len(pairs), sum(times)
    )
    with BundleWriter(folder / name) as writer:
        writer.write_compositions(table)
        writer.write_places(
            [place_table(np.array([at for at, _ in held], np.int64), [one for _, one in held])]
        )
        writer.write_evidence(DEPICTION, iter([rows]))
        return writer.finish(source, (track,))


def two(folder: Path) -> tuple[Bundle, Bundle]:
    one = pictures(
        folder,
        "one",
        {0: {"dog": 9000, "fence": 400, "tree": 300, "sky": 200}, 1: {"cat": 5}, 2: {"sea": 1}},
        {0: ["b/yard.jpg", "c/same.jpg"], 1: ["cats/tom.png"]},
    )
    other = pictures(folder, "two", {0: {"sky": 4000, "dog": 1}}, {0: ["a/copy.jpg"]})
    return one, other


def captions(graph: Graph) -> list[str | None]:
    rows = graph.read("MATCH (c:Image) RETURN c.text AS text, c.caption AS caption")
    told = {row["text"]: row["caption"] for row in rows}
    findings = audit(graph, silent, full=True)["findings"]
    # A graph that the test emptied has another log than the one before.
    assert [one for one in findings if "Heads of another log" not in one] == []
    assert not graph.read(
        "MATCH (c:Composition) WHERE c.caption IS NOT NULL AND NOT c:Image RETURN c"
    )
    return [told.get(digest) for digest in DIGESTS]


ALONE = ["yard.jpg: dog, fence, tree", "tom.png: cat", "sea"]
BOTH = ["copy.jpg: dog, sky, fence", "tom.png: cat", "sea"]


def test_a_caption_is_the_first_file_and_the_strongest_labels(graph: Graph, tmp_path: Path) -> None:
    one, other = two(tmp_path)
    put_in(graph, one, "one")
    assert captions(graph) == ALONE
    put_in(graph, other, "two")
    assert captions(graph) == BOTH
    assert not any("caption" in line for line in exported(graph))
    wipe(graph)
    put_in(graph, other, "two")
    put_in(graph, one, "one")
    assert captions(graph) == BOTH
    deletion = take_out(graph, Selectors(sources=("two",)))
    assert captions(graph) == ALONE
    take_back(graph, deletion)
    assert captions(graph) == BOTH
    put_in(graph, pictures(tmp_path, "three", {0: {"moon": 1}}, {}), "two", replace=True)
    assert captions(graph) == ["yard.jpg: dog, fence, tree", "tom.png: cat", "sea"]


def test_a_caption_goes_with_what_it_says(graph: Graph, tmp_path: Path) -> None:
    one, other = two(tmp_path)
    put_in(graph, one, "one")
    put_in(graph, other, "two")
    deletion = take_out(graph, Selectors(concepts=("dog",)))
    assert captions(graph) == ["copy.jpg: sky, fence, tree", "tom.png: cat", "sea"]
    take_back(graph, deletion)
    assert captions(graph) == BOTH
    wipe_out(graph, Selectors(concepts=("fence",)))
    wipe_out(graph, Selectors(sources=("two",)))
    assert captions(graph) == ["yard.jpg: dog, tree, sky", "tom.png: cat", "sea"]
    wipe_out(graph, Selectors(concepts=("cat",)))
    assert captions(graph) == ["yard.jpg: dog, tree, sky", None, "sea"]


def test_captions_edited_by_hand_are_found(graph: Graph, tmp_path: Path) -> None:
    put_in(graph, two(tmp_path)[0], "one")

    def findings() -> list[str]:
        found = audit(graph, silent, full=True)["findings"]
        assert isinstance(found, list)
        return found

    graph.write("MATCH (c:Image {caption: 'tom.png: cat'}) SET c.caption = 'tom.png: dog'")
    graph.write("MATCH (c:Image {caption: 'sea'}) REMOVE c.caption")
    graph.write("MATCH (c:Token {text: 'dog'}) SET c.caption = 'x'")
    assert sorted(findings()) == sorted(
        [
            f"Composition {DIGESTS[1]!r}: caption is 'tom.png: dog', expected 'tom.png: cat'.",
            f"Composition {DIGESTS[2]!r}: caption is none, expected 'sea'.",
            "Composition 'dog': caption is 'x', expected none.",
        ]
    )


def test_tables_show_captions_and_json_the_text(served: Graph, tmp_path: Path) -> None:
    put_in(served, two(tmp_path)[0], "one")
    run = CliRunner()
    table = run.invoke(main, ["places", "dog"]).output
    assert "yard.jpg: dog, fence, tree" in table and DIGESTS[0] not in table
    assert DIGESTS[0] in run.invoke(main, ["places", "dog", "--json"]).output
