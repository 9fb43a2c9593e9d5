"""Detectors in ONNX: boxes read off the outputs of each kind, and files that are refused unrun."""

from __future__ import annotations

import json
import pickle
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from hartonomous.bundle import Bundle
from hartonomous.errors import BadInput, NotFound, UsageError
from hartonomous.extract.detector_protocol import DetectorOptions, found_in, open_detector
from hartonomous.extract.extraction import ExtractOptions, extract, extract_cached
from hartonomous.pictures.detections import Detections
from importers.detectors import bounded_runs, onnx_safety
from importers.detectors.class_lists import given_labels
from importers.detectors.onnx_detectors import OnnxDetector
from tests.building import silent
from tests.model_files import opened
from tests.onnx_models import constant_model, save, weighted, write_pictures

THREE = ("cat", "dog", "bird")
NAMES = {"names": str(dict(enumerate(THREE)))}
GREY = np.full((64, 128, 3), 90, dtype=np.uint8)
"""A picture of 128 x 64: stretched to a square of 64, x is halved; padded, both are halved."""

Arrays = dict[str, NDArray[Any]]


def grid(anchors: int, channels: int) -> NDArray[np.float32]:
    return np.zeros((1, anchors, channels), dtype=np.float32)


def yolov5() -> Arrays:
    """A dog at (16, 8)-(48, 40) of the input, and a cat that its objectness rules out."""
    values = grid(3 * 84, 8)
    values[0, 10] = (32, 24, 32, 32, 0.9, 0.1, 0.8, 0.1)
    values[0, 11] = (32, 24, 20, 20, 0.1, 0.9, 0.1, 0.1)
    return {"output": values}


def yolov8() -> Arrays:
    values = grid(84, 7)
    values[0, 10] = (32, 24, 32, 32, 0.1, 0.72, 0.1)
    values[0, 11] = (32.2, 24, 32, 32, 0.1, 0.6, 0.1)
    return {"output0": values.transpose(0, 2, 1).copy()}


def masked() -> Arrays:
    """The same with channels of masks behind the classes."""
    boxes = yolov8()["output0"]
    more = np.full((1, 32, 84), 7, dtype=np.float32)
    return {
        "output0": np.concatenate([boxes, more], axis=1),
        "output1": np.zeros((1, 32, 16, 16), dtype=np.float32),
    }


def yolox() -> Arrays:
    """Cell (3, 2) of stride 8: its corner is (24, 16); the centre lies one cell further on."""
    values = grid(84, 8)
    values[0, 2 * 8 + 3] = (1, 1, np.log(4), np.log(4), 0.9, 0.1, 0.8, 0.1)
    return {"output": values}


def yolov10() -> Arrays:
    values = grid(300, 6)
    values[0, 0] = (16, 8, 48, 40, 0.72, 1)
    return {"output0": values}


def detr(softmaxed: bool) -> Arrays:
    logits = np.full((1, 100, 3 + softmaxed), -9, dtype=np.float32)
    logits[0, :, -1] = 9 if softmaxed else -9
    logits[0, 5] = (-9, 1, -9, 0.05)[: 3 + softmaxed]
    boxes = np.full((1, 100, 4), 0.5, dtype=np.float32)
    boxes[0, 5] = (0.5, 0.375, 0.5, 0.5)
    return {"logits": logits, "pred_boxes": boxes}


def ready() -> Arrays:
    return {
        "labels": np.array([[1, 0]], dtype=np.int64),
        "boxes": np.array([[[16, 8, 48, 40], [0, 0, 9, 9]]], dtype=np.float32),
        "scores": np.array([[0.72, 0.2]], dtype=np.float32),
    }


def paddle() -> Arrays:
    rows = np.array([[1, 0.72, 16, 8, 48, 40], [-1, 0.9, 0, 0, 9, 9]], dtype=np.float32)
    return {"fetch_name_0": rows, "fetch_name_1": np.array([2], dtype=np.int32)}


def centernet(last: bool = False) -> Arrays:
    """A centre at cell (8, 6) of stride 4, no offset; beside it a lower one that is no peak."""
    heat = np.zeros((1, 3, 16, 16), dtype=np.float32)
    heat[0, 1, 6, 8], heat[0, 1, 6, 9] = 0.72, 0.6
    sides = np.full((1, 2, 16, 16), 8, dtype=np.float32)
    maps = {"hm": heat, "wh": sides, "reg": np.zeros_like(sides)}
    return {n: np.moveaxis(one, 1, 3).copy() if last else one for n, one in maps.items()}


def ttfnet() -> Arrays:
    """The same heat, with distances to the left, top, right and bottom."""
    away = np.zeros((1, 4, 16, 16), dtype=np.float32)
    away[0, :, 6, 8] = (12, 14, 20, 18)
    return {"hm": centernet()["hm"], "wh": away}


def picodet() -> Arrays:
    """Cell (3, 2) of stride 8, centre (28, 20), with distances 1.5, 1.5, 2.5, 2.5 cells."""
    found: Arrays = {}
    for stride in (8, 16, 32, 64):
        found[f"s{stride}"] = grid((64 // stride) ** 2, 3)
    for stride in (8, 16, 32, 64):
        found[f"b{stride}"] = np.full((1, (64 // stride) ** 2, 32), -20, dtype=np.float32)
    found["s8"][0, 2 * 8 + 3] = (0.1, 0.72, 0.1)
    spread = found["b8"][0, 2 * 8 + 3].reshape(4, 8)
    for side, low in enumerate((1, 1, 2, 2)):
        spread[side, low : low + 2] = 5
    return found


WHERE = np.array([[32, 8, 96, 40]])
PADDED = np.array([[32, -16, 96, 48]])
"""The box in the picture, stretched and padded: 16 rows of grey lie above."""

KINDS: dict[str, tuple[Arrays, NDArray[Any]]] = {
    "yolov5": (yolov5(), PADDED),
    "yolov8": (yolov8(), PADDED),
    "yolov8 with masks": (masked(), PADDED),
    "yolox": (yolox(), np.array([[32, 16, 96, 80]])),
    "yolov10": (yolov10(), PADDED),
    "detr": (detr(False), WHERE),
    "detr with no object": (detr(True), WHERE),
    "ready": (ready(), WHERE),
    "paddle": (paddle(), WHERE),
    "centernet": (centernet(), PADDED),
    "centernet, channels last": (centernet(True), PADDED),
    "ttfnet": (ttfnet(), np.array([[40, 10, 104, 42]])),
    "picodet": (picodet(), WHERE),
}


def detected(path: Path, **options: Any) -> Detections:
    (found,) = open_detector(path, DetectorOptions(**options)).detect([GREY])
    return found


# ---------------------------------------------------------------- boxes


@pytest.mark.parametrize("kind", KINDS)
def test_boxes_are_read_off_the_outputs(tmp_path: Path, kind: str) -> None:
    outputs, where = KINDS[kind]
    detector = open_detector(constant_model(tmp_path / "m.onnx", outputs, metadata=NAMES))
    assert isinstance(detector, OnnxDetector) and detector.decoder == kind.split(" ")[0].rstrip(",")
    (raw,) = detector.detect([GREY])
    assert raw.labels.tolist() == ["dog"]
    assert raw.scores[0] == pytest.approx(0.72, abs=0.015)
    inside = where.clip(0, [128, 64, 128, 64])
    np.testing.assert_allclose(raw.boxes.clip(0, [128, 64, 128, 64]), inside, atol=0.1)
    (clean,) = found_in(detector, [GREY], Counter())
    np.testing.assert_allclose(clean.boxes, inside, atol=0.1)


def _four(folder: Path) -> Path:
    (folder / "four.txt").write_text("\n".join(("thing", *THREE)))
    return folder / "four.txt"


def test_a_named_decoder_decides_and_has_to_fit(tmp_path: Path) -> None:
    path = constant_model(tmp_path / "m.onnx", yolox(), metadata=NAMES)
    found = detected(path, decoder="yolov8", labels=_four(tmp_path))
    # Objectness is then a class of its own.
    assert found.labels.tolist() == ["thing"]
    with pytest.raises(BadInput, match="fit the decoder picodet"):
        detected(path, decoder="picodet")
    with pytest.raises(UsageError, match=r"no decoder 'magic'; there are picodet, detr"):
        detected(path, decoder="magic")


def test_an_unknown_head_is_told_with_both_remedies(tmp_path: Path) -> None:
    odd = {"out": np.zeros((1, 7, 7, 30), dtype=np.float32)}
    path = constant_model(tmp_path / "m.onnx", odd, metadata=NAMES)
    with pytest.raises(BadInput, match=r"out \(1, 7, 7, 30\).*--labels FILE.*--decoder"):
        detected(path)


def test_the_number_of_labels_has_to_fit(tmp_path: Path) -> None:
    path = constant_model(tmp_path / "m.onnx", yolov8())
    with pytest.raises(BadInput, match="does not state what its classes are called"):
        detected(path)
    labels = tmp_path / "names.txt"
    labels.write_text("cat\ndog\n")
    with pytest.raises(BadInput, match="2 labels fit no known decoder"):
        detected(path, labels=labels)
    labels.write_text("Katze\nHund\nVogel\n\n")
    assert detected(path, labels=labels).labels.tolist() == ["hund"]
    ready_ones = constant_model(tmp_path / "r.onnx", ready(), metadata={"names": "{0: 'cat'}"})
    with pytest.raises(BadInput, match="class 1 and has 1 labels"):
        detected(ready_ones)


@pytest.mark.parametrize(
    "metadata",
    [
        NAMES,
        {"character": "\n".join(THREE)},
        {"labels": json.dumps(THREE)},
        {"classes": "cat,dog,bird"},
    ],
)
def test_labels_stand_in_the_metadata(tmp_path: Path, metadata: dict[str, str]) -> None:
    assert detected(constant_model(tmp_path / "m.onnx", yolov8(), metadata=metadata)).labels == [
        "dog"
    ]


def test_labels_and_pixels_stand_beside_the_model(tmp_path: Path) -> None:
    path = constant_model(tmp_path / "m.onnx", detr(False))
    (tmp_path / "config.json").write_text(json.dumps({"id2label": {"0": "a", "1": "b", "2": "c"}}))
    assert detected(path).labels.tolist() == ["b"]
    plain = open_detector(path).digest
    stated = {"image_mean": [0.5] * 3, "image_std": [0.5] * 3, "do_normalize": True}
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(stated))
    assert open_detector(path).digest != plain
    centred = open_detector(path, DetectorOptions(normalise="centred"))
    assert centred.digest == open_detector(path).digest


@pytest.mark.parametrize(
    ("text", "fault"),
    [(b"\n\n", "no label"), (b"a\n\nb", "line 2 is empty"), (b"\xff\xfe", "UTF-8")],
)
def test_files_of_labels_are_checked(tmp_path: Path, text: bytes, fault: str) -> None:
    (tmp_path / "l.txt").write_bytes(text)
    with pytest.raises(BadInput, match=fault):
        given_labels(tmp_path / "l.txt")
    with pytest.raises(NotFound, match="no file of labels"):
        given_labels(tmp_path / "none.txt")


def test_a_picture_is_shown_as_the_model_wants_it(tmp_path: Path) -> None:
    """A model whose heat is the picture itself: what is bright and red is found where it is."""
    path = tmp_path / "m.onnx"
    picture = helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, "h", "w", 3])
    heat = helper.make_tensor_value_info("hm", TensorProto.FLOAT, [1, "h", "w", 3])
    sides = helper.make_tensor_value_info("wh", TensorProto.FLOAT, [1, "h", "w", 2])
    nodes = [
        helper.make_node("Identity", ["images"], ["hm"]),
        helper.make_node("Slice", ["images", "starts", "ends", "axes"], ["part"]),
        helper.make_node("Mul", ["part", "nothing"], ["none"]),
        helper.make_node("Add", ["none", "eight"], ["wh"]),
    ]
    numbers = [
        helper.make_tensor("starts", TensorProto.INT64, [1], [0]),
        helper.make_tensor("ends", TensorProto.INT64, [1], [2]),
        helper.make_tensor("axes", TensorProto.INT64, [1], [3]),
        helper.make_tensor("nothing", TensorProto.FLOAT, [1], [0.0]),
        helper.make_tensor("eight", TensorProto.FLOAT, [1], [8.0]),
    ]
    graph = helper.make_graph(nodes, "made", [picture], [heat, sides], numbers)
    save(path, graph, {"names": "['r', 'g', 'b']", "imgsz": "[64, 64]"})
    pixels = np.zeros((64, 64, 3), dtype=np.uint8)
    pixels[20, 30, 0] = 250
    options = DetectorOptions(normalise="unit", threshold=0.9)
    (found,) = open_detector(path, options).detect([pixels])
    # Blue first, as CenterNet's are trained.
    assert found.labels.tolist() == ["b"]
    np.testing.assert_allclose(found.boxes, [[26.5, 16.5, 34.5, 24.5]])


def test_inputs_besides_the_picture(tmp_path: Path) -> None:
    size = helper.make_tensor_value_info("orig_target_sizes", TensorProto.INT64, [1, 2])
    known = constant_model(tmp_path / "k.onnx", ready(), metadata=NAMES, more=(size,))
    assert detected(known).labels.tolist() == ["dog"]
    odd = helper.make_tensor_value_info("prompt", TensorProto.FLOAT, [1, 2])
    unknown = constant_model(tmp_path / "u.onnx", ready(), metadata=NAMES, more=(odd,))
    with pytest.raises(BadInput, match="needs an input 'prompt'"):
        detected(unknown)
    text = helper.make_tensor_value_info("ids", TensorProto.INT64, [1, 5])
    node = helper.make_node("Identity", ["ids"], ["out"])
    out = helper.make_tensor_value_info("out", TensorProto.INT64, [1, 5])
    save(tmp_path / "t.onnx", helper.make_graph([node], "text", [text], [out]))
    with pytest.raises(BadInput, match="takes no pictures"):
        detected(tmp_path / "t.onnx")


def test_numbers_that_are_not_finite_are_left_out_and_counted(tmp_path: Path) -> None:
    values = yolov8()["output0"]
    values[0, :, 40] = np.nan
    values[0, 0, 41], values[0, 5, 41] = np.inf, 0.9
    detector = open_detector(constant_model(tmp_path / "m.onnx", {"o": values}, metadata=NAMES))
    excluded = Counter[str]()
    (found,) = found_in(detector, [GREY], excluded)
    assert found.labels.tolist() == ["dog"]
    assert excluded["boxes or scores that are not finite"] >= 1


# ---------------------------------------------------------------- files that are refused


def refused(path: Path, fault: str) -> None:
    """A file is refused, and the runtime has not seen it."""
    with pytest.raises(BadInput, match=fault):
        onnx_safety.checked_model(path)
    with pytest.raises(BadInput, match=fault):
        open_detector(path)


@pytest.mark.parametrize("name", ["../secret.bin", "a/../../secret.bin", "..\\secret.bin"])
def test_external_data_outside_the_folder(tmp_path: Path, name: str) -> None:
    (tmp_path / "secret.bin").write_bytes(b"\0" * 16)
    graph = weighted(external={"location": name})
    refused(save(tmp_path / "in" / "m.onnx", graph), "outside the model's folder")


def test_external_data_by_an_absolute_path(tmp_path: Path) -> None:
    (tmp_path / "secret.bin").write_bytes(b"\0" * 16)
    for name in (str(tmp_path / "secret.bin"), "C:\\secret.bin", ""):
        graph = weighted(external={"location": name})
        refused(save(tmp_path / "in" / "m.onnx", graph), "outside the model's folder")


def test_external_data_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "secret.bin").write_bytes(b"\0" * 16)
    path = save(tmp_path / "in" / "m.onnx", weighted(external={"location": "w.bin"}))
    (tmp_path / "in" / "w.bin").symlink_to(tmp_path / "secret.bin")
    refused(path, "leads out of the model's folder")


def test_external_data_in_the_folder_are_files_of_the_model(tmp_path: Path) -> None:
    path = save(tmp_path / "m.onnx", weighted(external={"location": "w.bin", "length": 16}))
    refused(path, "lacks 'w.bin'")
    (tmp_path / "w.bin").write_bytes(b"\0" * 12)
    refused(path, "too short for the tensor")
    (tmp_path / "w.bin").write_bytes(b"\0" * 16)
    assert onnx_safety.checked_model(path).files == (path, tmp_path / "w.bin")
    for odd in ({"offset": -4}, {"offset": 8}, {"length": "many"}):
        graph = weighted(external={"location": "w.bin", **odd})
        refused(save(tmp_path / "m.onnx", graph), "too short for the tensor")


def test_operators_of_other_libraries(tmp_path: Path) -> None:
    picture = helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, 64, 64])
    out = helper.make_tensor_value_info("out", TensorProto.FLOAT, [1, 3, 64, 64])
    odd = helper.make_node("Run", ["images"], ["out"], domain="evil.ops")
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("evil.ops", 1)]
    graph = helper.make_graph([odd], "made", [picture], [out])
    refused(save(tmp_path / "a.onnx", graph, opsets=opsets), r"operator 'evil\.ops:Run'")
    context = helper.make_node("EPContext", ["images"], ["out"], domain="com.microsoft")
    graph = helper.make_graph([context], "made", [picture], [out])
    refused(save(tmp_path / "b.onnx", graph), "EPContext")
    # Hidden in a graph within the graph.
    inner = helper.make_graph([odd], "inner", [], [out])
    yes = helper.make_tensor("yes", TensorProto.BOOL, [], [True])
    branch = helper.make_node("If", ["yes"], ["out"], then_branch=inner, else_branch=inner)
    graph = helper.make_graph([branch], "made", [picture], [out], [yes])
    refused(save(tmp_path / "c.onnx", graph, opsets=opsets), r"evil\.ops")


def test_functions_of_the_model_itself_are_read(tmp_path: Path) -> None:
    picture = helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, 64, 64])
    out = helper.make_tensor_value_info("out", TensorProto.FLOAT, [1, 3, 64, 64])
    inner = [helper.make_node("Identity", ["x"], ["y"])]
    own = helper.make_function("own", "Same", ["x"], ["y"], inner, [helper.make_opsetid("", 17)])
    graph = helper.make_graph(
        [helper.make_node("Same", ["images"], ["out"], domain="own")], "made", [picture], [out]
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("own", 1)]
    path = save(tmp_path / "m.onnx", graph, opsets=opsets, functions=[own])
    assert onnx_safety.checked_model(path).files == (path,)


def test_absurd_shapes(tmp_path: Path) -> None:
    for dims in ([1 << 20, 1 << 20], [-4]):
        refused(save(tmp_path / "m.onnx", weighted(dims=dims)), "absurd shape")
    refused(save(tmp_path / "m.onnx", weighted(raw_data=b"\0" * 4)), "has 4 bytes and needs 16")
    huge = constant_model(tmp_path / "h.onnx", yolov8(), size=(1 << 20, 1 << 20), metadata=NAMES)
    refused(huge, "the input 'images' has the shape")
    picture = helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, 64, 64])
    out = helper.make_tensor_value_info("out", TensorProto.FLOAT, None)
    shape = helper.make_tensor("shape", TensorProto.INT64, [2], [1 << 20, 1 << 20])
    node = helper.make_node("ConstantOfShape", ["shape"], ["out"])
    bomb = helper.make_graph([node], "made", [picture], [out], [shape])
    refused(save(tmp_path / "b.onnx", bomb), "the value 'out' has the shape")


def test_damaged_files(tmp_path: Path) -> None:
    whole = constant_model(tmp_path / "m.onnx", yolov8(), metadata=NAMES).read_bytes()
    for data in (whole[: len(whole) // 2], b"", b"\x00" * 100, b"no model at all"):
        (tmp_path / "d.onnx").write_bytes(data)
        refused(tmp_path / "d.onnx", "no ONNX model")
    # What only the runtime notices is told as plainly.
    node = helper.make_node("Add", ["images", "missing"], ["out"])
    picture = helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, 64, 64])
    out = helper.make_tensor_value_info("out", TensorProto.FLOAT, [1, 3, 64, 64])
    save(tmp_path / "d.onnx", helper.make_graph([node], "made", [picture], [out]))
    with pytest.raises(BadInput, match="cannot be opened by onnxruntime"):
        open_detector(tmp_path / "d.onnx")


def test_pickles_are_refused_with_the_way_out(tmp_path: Path) -> None:
    pictures = write_pictures(tmp_path / "p", 1)
    (tmp_path / "yolo.pt").write_bytes(pickle.dumps({"model": 1}))
    with pytest.raises(BadInput, match=r"yolo\.pt is refused.*format=onnx"):
        open_detector(tmp_path / "yolo.pt")
    with pytest.raises(BadInput, match=r"yolo\.pt is refused.*format=onnx"):
        opened(tmp_path / "yolo.pt", images=pictures)


# ---------------------------------------------------------------- as a source


def bundle(path: Path, output: Path, **options: Any) -> Bundle:
    return extract(opened(path, **options), ExtractOptions(), output, silent)


def cached(path: Path, folder: Path, **options: Any) -> Bundle:
    return extract_cached(opened(path, **options), ExtractOptions(), folder, silent)


def test_a_folder_of_pictures_becomes_evidence(tmp_path: Path) -> None:
    model = constant_model(tmp_path / "m.onnx", yolov10(), metadata=NAMES)
    pictures = write_pictures(tmp_path / "p", 70)
    (pictures / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (pictures / "notes.txt").write_text("no picture")
    made = bundle(model, tmp_path / "b", images=pictures)
    compositions = made.compositions()
    kinds = Counter(compositions["kind"].to_pylist())
    assert kinds.pop("Feature") > 0
    assert kinds == {"Image": 70, "Region": 70, "Token": 1}
    by_type = {track.evidence: track for track in made.tracks}
    assert by_type["DEPICTION_EVIDENCE"].rows > 140
    assert by_type["INSIDE_EVIDENCE"].rows == 70
    assert made.source.importer == "onnx-detectors"
    assert made.source.excluded["unreadable pictures"] == 1
    assert made.source.excluded["files of another kind"] == 1
    assert made.source.excluded["places beyond 16 of a composition"] == 54
    places = {place for batch in made.places(1000) for place in batch["place"].to_pylist()}
    assert {"0000.png", "0000.png#xywh=32,0,64,48"} <= places
    with pytest.raises(BadInput, match=r"ONNX graph.*--images DIR"):
        opened(model)
    with pytest.raises(BadInput, match="holds no picture"):
        opened(model, images=tmp_path / "b")
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "x.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    with pytest.raises(BadInput, match=r"No picture in .* can be read"):
        opened(model, images=tmp_path / "bad")


def test_a_killed_run_loses_one_piece(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What an interrupted run observed is not observed again, and the bundle is the same."""
    path = constant_model(tmp_path / "m.onnx", yolov10(), metadata=NAMES)
    pictures = write_pictures(tmp_path / "p", 200)
    whole = bundle(path, tmp_path / "whole", images=pictures)
    seen, plain = list[int](), OnnxDetector.detect

    def counted(self: OnnxDetector, some: Any) -> list[Detections]:
        seen.append(len(some))
        if sum(seen) > 150 and not resumed:
            raise KeyboardInterrupt
        return plain(self, some)

    monkeypatch.setattr(OnnxDetector, "detect", counted)
    resumed = False
    with pytest.raises(KeyboardInterrupt):
        cached(path, tmp_path / "killed", images=pictures)
    seen.clear()
    resumed = True
    again = cached(path, tmp_path / "killed", images=pictures)
    # Two pieces of 64 were finished; the third, and the rest, are shown once more.
    assert sum(seen) == 200 - 128
    assert again.digest == whole.digest and again.tracks == whole.tracks


def test_many_boxes_of_one_picture(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    count = 10_000
    corner = rng.uniform(0, 900, (count, 2))
    boxes = np.concatenate([corner, corner + rng.uniform(5, 90, (count, 2))], axis=1)
    outputs: Arrays = {
        "labels": rng.integers(0, 3, count),
        "boxes": boxes.astype(np.float32),
        "scores": rng.uniform(0.5, 1, count).astype(np.float32),
    }
    path = constant_model(tmp_path / "m.onnx", outputs, size=(1000, 1000), metadata=NAMES)
    pictures = tmp_path / "p"
    pictures.mkdir()
    Image.fromarray(np.zeros((1000, 1000, 3), np.uint8)).save(pictures / "a.png")
    made = bundle(path, tmp_path / "b", images=pictures)
    assert made.source.excluded["boxes beyond the 1,000 surest of a picture"] > 0
    assert (
        made.source.excluded["boxes beyond the 100 surest of a picture, not related to others"]
        == 900
    )
    assert Counter(made.compositions()["kind"].to_pylist())["Region"] <= 1000


def endless(path: Path) -> Path:
    """Write a detector whose one output comes of a loop that never ends."""
    turn = helper.make_tensor_value_info("turn", TensorProto.INT64, [])
    going = helper.make_tensor_value_info("going", TensorProto.BOOL, [])
    still = helper.make_tensor_value_info("still", TensorProto.BOOL, [])
    before = helper.make_tensor_value_info("before", TensorProto.FLOAT, [1, 84, 7])
    after = helper.make_tensor_value_info("after", TensorProto.FLOAT, [1, 84, 7])
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["going"], ["still"]),
            helper.make_node("Abs", ["before"], ["after"]),
        ],
        "body",
        [turn, going, before],
        [still, after],
    )
    boxes = numpy_helper.from_array(grid(84, 7), "boxes")
    yes = numpy_helper.from_array(np.array(True), "yes")
    loop = helper.make_node("Loop", ["", "yes", "boxes"], ["output0"], body=body)
    picture = helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, 64, 64])
    out = helper.make_tensor_value_info("output0", TensorProto.FLOAT, [1, 84, 7])
    return save(path, helper.make_graph([loop], "made", [picture], [out], [boxes, yes]), NAMES)


def test_a_model_that_loops_for_ever_is_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounded_runs, "LONGEST_RUN", 0.5)
    model = endless(tmp_path / "endless.onnx")
    with pytest.raises(BadInput, match="stopped after"):
        OnnxDetector(model, DetectorOptions())
