"""COCO annotations and results: what they state becomes evidence, what is wrong is counted or refused."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pycocotools import mask as masks

from hartonomous.bundle import Bundle
from hartonomous.errors import BadInput, NotFound, UsageError
from hartonomous.extract.extraction import ExtractOptions, extract
from hartonomous.extract.importer_protocol import Claim
from hartonomous.pictures.picture_files import picture_key, read_picture
from importers.detectors import coco_files as coco
from importers.detectors.coco_importer import IMPORTER
from tests.building import silent
from tests.model_files import opened
from tests.onnx_models import write_pictures

CATEGORIES = [
    {"id": 1, "name": "sky"},
    {"id": 5, "name": "Dining_Table"},
    {"id": 7, "name": "bird"},
]
IMAGES = [
    {"id": 10, "file_name": "0000.png", "width": 128, "height": 64},
    {"id": 11, "file_name": "0001.png", "width": 128, "height": 64},
]

Rows = set[tuple[str, str, int]]


def box(image: int, category: int, *sides: float, **more: Any) -> dict[str, Any]:
    return {"image_id": image, "category_id": category, "bbox": list(sides), **more}


SCENE = [box(10, 1, 0, 0, 128, 20), box(10, 5, 40, 40, 30, 20), box(10, 7, 90, 42, 10, 10)]


def written(folder: Path, rows: Any, **base: Any) -> Path:
    stated = {"images": IMAGES, "annotations": rows, "categories": CATEGORIES, **base}
    (folder / "a.json").write_text(json.dumps(stated))
    return folder / "a.json"


def made(path: Path, **options: Any) -> Bundle:
    output = path.with_name(f"bundle-{len(list(path.parent.glob('bundle-*')))}")
    return extract(opened(path, **options), ExtractOptions(), output, silent)


def rows(bundle: Bundle, evidence: str) -> Rows:
    texts = bundle.compositions()["text"].to_pylist()
    for track in bundle.tracks:
        if track.evidence == evidence:
            found = [row for part in bundle.evidence(track, 1000) for row in part.to_pylist()]
            return {(texts[row["start"]], texts[row["end"]], row["n"]) for row in found}
    return set()


def read(folder: Path, annotations: Any, **base: Any) -> coco.CocoBoxes:
    return coco.read_coco(written(folder, annotations, **base))


def test_what_is_above_what_is_read_out(tmp_path: Path) -> None:
    path = written(tmp_path, [*SCENE, box(11, 1, 0, 0, 128, 20), box(11, 7, 50, 40, 10, 10)])
    model = opened(path)
    assert "known by name and size" in model.remarks[0]
    bundle = made(path)
    assert rows(bundle, "ABOVE_EVIDENCE") == {("sky", "dining table", 1), ("sky", "bird", 2)}
    assert rows(bundle, "LEFT_OF_EVIDENCE") == {("dining table", "bird", 1)}
    labels = {"sky", "bird", "dining table"}
    together = {frozenset(row[:2]): row[2] for row in rows(bundle, "COOCCURRENCE_EVIDENCE")}
    assert together == {
        frozenset(("sky", "bird")): 2,
        frozenset(("sky", "dining table")): 1,
        frozenset(("dining table", "bird")): 1,
    }
    depicted = rows(bundle, "DEPICTION_EVIDENCE")
    assert {end for _, end, _ in depicted} == labels
    assert ("sky", 2) not in {(end, n) for _, end, n in depicted}
    assert bundle.source.kind == "images"


def test_with_pictures_they_are_known_by_their_pixels(tmp_path: Path) -> None:
    pictures = write_pictures(tmp_path / "p", 2)
    bundle = made(written(tmp_path, SCENE), images=pictures)
    texts = bundle.compositions().filter(
        pa.array([kind == "Image" for kind in bundle.compositions()["kind"].to_pylist()])
    )
    keys = {picture_key(read_picture(pictures / name)) for name in ("0000.png", "0001.png")}
    assert set(texts["text"].to_pylist()) == keys
    assert rows(bundle, "ABOVE_EVIDENCE") == {("sky", "dining table", 1), ("sky", "bird", 1)}
    assert bundle.source.excluded["pictures in which nothing was found"] == 1


def test_pictures_that_do_not_fit_are_counted(tmp_path: Path) -> None:
    pictures = write_pictures(tmp_path / "p", 2)
    (pictures / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    images = [
        *IMAGES,
        {"id": 1, "file_name": "0001.png", "width": 64, "height": 128},
        {"id": 2, "file_name": "none.png"},
        {"id": 3, "file_name": "../a.json"},
        {"id": 4, "file_name": "bad.png"},
        {"id": 5, "file_name": str(tmp_path / "a.json")},
    ]
    excluded = made(written(tmp_path, SCENE, images=images), images=pictures).source.excluded
    assert excluded["pictures of another size than stated"] == 1
    assert excluded["pictures without a file"] == 1
    assert excluded["pictures outside the folder"] == 2
    assert excluded["unreadable pictures"] == 1
    with pytest.raises(BadInput, match=r"has none of the 1 pictures, such as 'x\.png'"):
        made(written(tmp_path, [], images=[{"id": 1, "file_name": "x.png"}]), images=pictures)
    with pytest.raises(NotFound, match="no folder of pictures"):
        made(written(tmp_path, SCENE), images=tmp_path / "nowhere")


def test_boxes_that_are_wrong_are_counted(tmp_path: Path) -> None:
    odd = [
        box(99, 1, 0, 0, 5, 5),
        box(10, 99, 0, 0, 5, 5),
        box(10, 1, 0, 0, 5, 5, iscrowd=1),
        box(10, 1, 0, 0, 5),
        box(10, 1, 0, 0, 5, "wide"),  # type: ignore[arg-type]
        box(10, 1, 0, 0, True, 5),
        {"image_id": "10", "category_id": 1, "bbox": [0, 0, 5, 5]},
        {"image_id": 10, "category_id": 1},
        "no annotation",
    ]
    found = read(tmp_path, [*SCENE, *odd])
    assert found.excluded == {
        coco.NO_IMAGE: 3, coco.NO_CATEGORY: 1, coco.CROWDS: 1, coco.ODD: 4
    }  # fmt: skip
    assert found.found.labels.tolist() == ["sky", "Dining_Table", "bird"]
    late = [box(10, 1, 5, 5, float("nan"), 9), box(10, 1, 90, 9, -9, 9), box(10, 1, 500, 9, 9, 9)]
    excluded = made(written(tmp_path, [*SCENE, *late])).source.excluded
    assert excluded["boxes or scores that are not finite"] == 1
    assert excluded["boxes turned inside out"] == 1
    assert excluded["boxes without an area"] == 1


def test_categories_and_images_that_are_stated_twice(tmp_path: Path) -> None:
    same = [*CATEGORIES, {"id": 1, "name": "sky"}, {"id": 8, "name": "dining table"}]
    found = read(tmp_path, [*SCENE, box(10, 8, 0, 0, 5, 5)], categories=same)
    assert found.merged == 1
    with pytest.raises(BadInput, match="two categories of the id 1, 'sky' and 'sea'"):
        read(tmp_path, SCENE, categories=[*CATEGORIES, {"id": 1, "name": "sea"}])
    with pytest.raises(BadInput, match="two images of the id 10"):
        read(tmp_path, SCENE, images=[*IMAGES, {"id": 10, "file_name": "other.png"}])
    for name, faulty in (("images", [{"id": "x"}]), ("categories", [{"id": 1, "name": " "}])):
        with pytest.raises(BadInput, match="without a whole id"):
            read(tmp_path, SCENE, **{name: faulty})
        with pytest.raises(BadInput, match=f"lists no {name}"):
            read(tmp_path, SCENE, **{name: []})
    with pytest.raises(BadInput, match="no list of annotations"):
        read(tmp_path, {"a": 1})


def test_masks_have_boxes(tmp_path: Path) -> None:
    drawn = np.zeros((64, 128), dtype=np.uint8, order="F")
    drawn[10:30, 40:70] = 1
    packed = masks.encode(drawn)
    text = {"size": [64, 128], "counts": packed["counts"].decode()}
    flat = drawn.ravel(order="F")
    edges = np.flatnonzero(np.diff(flat)) + 1
    runs = np.diff(np.concatenate([[0], edges, [len(flat)]])).tolist()
    outlines = [text, {"size": [64, 128], "counts": runs}, [[40, 10, 70, 10, 70, 30, 40, 30]]]
    for outline in outlines:
        entry = {"image_id": 10, "category_id": 1, "segmentation": outline}
        found = read(tmp_path, [entry])
        assert found.found.boxes.tolist() == [[40, 10, 70, 30]], outline
    damaged = [
        {"size": [64, 128], "counts": text["counts"][:-1]},
        {"size": [64, 128], "counts": text["counts"] + "\x7f"},
        {"size": [1 << 20, 1 << 20], "counts": text["counts"]},
        {"size": [64, 128], "counts": [*runs, 9]},
        {"size": [64], "counts": runs},
        [[1, 2, 3]],
        "outline",
    ]
    entries = [{"image_id": 10, "category_id": 1, "segmentation": one} for one in damaged]
    found = read(tmp_path, entries)
    assert found.excluded == {coco.ODD: len(damaged)}


def test_results_need_their_annotations(tmp_path: Path) -> None:
    base = written(tmp_path, [])
    results = tmp_path / "results.json"
    low, high = box(10, 7, 0, 30, 9, 9, score=0.3), box(10, 5, 0, 40, 30, 20, score=0.9)
    results.write_text(json.dumps([{**SCENE[0], "score": 0.8}, high, low]))
    assert IMPORTER.recognises(results) == Claim.SURE
    with pytest.raises(UsageError, match="--annotations FILE"):
        opened(results)
    bundle = made(results, annotations=base)
    assert rows(bundle, "COOCCURRENCE_EVIDENCE") in (
        {("sky", "dining table", 1)}, {("dining table", "sky", 1)}
    )  # fmt: skip
    assert bundle.source.excluded["scores below the threshold"] == 1
    assert len(bundle.source.files) == 2
    lower = made(results, annotations=base, threshold=0.1)
    assert "bird" in lower.compositions()["text"].to_pylist()
    with pytest.raises(UsageError, match="leave --annotations out"):
        opened(base, annotations=base)


@pytest.mark.parametrize("text", ["", "[1, 2", "7", '{"images": 1}', "[" * 100_000])
def test_damaged_files(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(BadInput):
        coco.read_coco(tmp_path / "a.json")


def test_other_json_is_not_claimed(tmp_path: Path) -> None:
    (tmp_path / "faq.json").write_text('[{"question": "When?", "answer": "At nine."}]')
    assert IMPORTER.recognises(tmp_path / "faq.json") == Claim.NONE
    assert IMPORTER.recognises(written(tmp_path, SCENE)) == Claim.SURE
    assert IMPORTER.recognises(tmp_path) == Claim.NONE


def test_a_picture_counts_once_for_its_labels(tmp_path: Path) -> None:
    many = [box(10, 5, 12 * at, 40, 10, 10) for at in range(8)]
    bundle = made(written(tmp_path, [box(10, 1, 0, 0, 128, 8), *many]))
    assert rows(bundle, "ABOVE_EVIDENCE") == {("sky", "dining table", 1)}
    # A row of tables says nothing about the order of tables, and something about their nearness.
    assert not rows(bundle, "LEFT_OF_EVIDENCE")
    assert rows(bundle, "NEAR_EVIDENCE") == {("dining table", "dining table", 1)}
    counts = Counter(n for _, end, n in rows(bundle, "DEPICTION_EVIDENCE") if end == "dining table")
    assert counts == {1: 8, 8: 1}
