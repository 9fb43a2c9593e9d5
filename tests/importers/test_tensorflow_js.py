"""TensorFlow.js graphs as ONNX: each operator against PyTorch or NumPy, heads, and what is refused."""

from __future__ import annotations

import base64
import contextlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from hartonomous.errors import BadInput, UsageError
from hartonomous.extract.detector_protocol import DetectorOptions, open_detector
from importers.detectors import tensorflow_js
from importers.detectors.onnx_detectors import OnnxDetector, open_session
from importers.detectors.tensorflow_js import converted_model, graph_file
from tests.model_files import opened
from tests.onnx_models import write_pictures

Array = NDArray[Any]
RANDOM = np.random.default_rng(7)
PICTURE = RANDOM.normal(size=(1, 7, 10, 3)).astype(np.float32)
"""Odd and even sides, so that TensorFlow pads the one evenly and the other not."""


def halves(*shape: int) -> Array:
    """Return random weights that float16 states exactly."""
    return RANDOM.normal(size=shape).astype(np.float16).astype(np.float32)


def text(value: str) -> str:
    return base64.b64encode(value.encode()).decode()


def attribute(value: object) -> dict[str, object]:
    """Return an attribute as the converter of TensorFlow.js writes it."""
    if isinstance(value, bool):
        return {"b": value}
    if isinstance(value, str):
        return {"s": text(value)}
    assert isinstance(value, list)
    if value and isinstance(value[0], str):
        return {"list": {"s": [text(one) for one in value]}}
    return {"list": {"i": [str(one) for one in value]}}


class Graph:
    """A graph model that is being written: nodes, and weights of one group in two shards."""

    def __init__(self, shape: tuple[int, ...] = PICTURE.shape) -> None:
        dims = {"dim": [{"size": str(side)} for side in shape]}
        attr = {"shape": {"shape": dims}, "dtype": {"type": "DT_FLOAT"}}
        self.nodes: list[dict[str, Any]] = [{"name": "x", "op": "Placeholder", "attr": attr}]
        self.weights: list[dict[str, Any]] = []
        self.data = b""
        self.paths = ["group1-shard1of2.bin", "group1-shard2of2.bin"]

    def const(self, name: str, values: Any, **quantization: Any) -> str:
        array = np.asarray(values)
        kind = "int32" if array.dtype.kind == "i" else "float32"
        entry: dict[str, Any] = {"name": name, "shape": list(array.shape), "dtype": kind}
        stored = quantization.get("dtype", kind)
        if kind == "float32" and not quantization:
            stored = "float16"
            quantization = {"dtype": "float16", "original_dtype": "float32"}
        if quantization and stored != "none":
            entry["quantization"] = quantization
        scale, least = quantization.get("scale", 1), quantization.get("min", 0)
        kinds = {"float16": "<f2", "int32": "<i4", "uint8": "u1", "uint16": "<u2", "none": "<f4"}
        self.data += ((array - least) / scale).round(9).astype(kinds[stored]).tobytes()
        self.weights.append(entry)
        self.nodes.append({"name": name, "op": "Const"})
        return name

    def add(self, op: str, *inputs: str, name: str = "y", **attributes: object) -> str:
        attr = {key: attribute(value) for key, value in attributes.items()}
        self.nodes.append({"name": name, "op": op, "input": list(inputs), "attr": attr})
        return name

    def write(self, folder: Path, *outputs: str, **more: Any) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        middle = len(self.data) // 2
        for name, part in zip(self.paths, (self.data[:middle], self.data[middle:]), strict=True):
            if ".." not in name and "/" not in name:
                (folder / name).write_bytes(part)
        model = {
            "format": "graph-model",
            "modelTopology": {"node": self.nodes},
            "weightsManifest": [{"paths": self.paths, "weights": self.weights}],
        }
        if outputs:
            model["signature"] = {"outputs": {one: {"name": f"{one}:0"} for one in outputs}}
        file = folder / "model.json"
        file.write_text(json.dumps({**model, **more}))
        return file


def computed(graph: Graph, folder: Path, picture: Array = PICTURE) -> Array:
    """Return what a graph's node "y" gives for a picture, run as ONNX."""
    model = converted_model(graph.write(folder))
    session = open_session(folder, model.files, converted=model.proto)
    assert [one.name for one in session.get_outputs()] == ["y"]
    (found,) = session.run(None, {"x": picture})
    return np.asarray(found)


# ---------------------------------------------------------------- operators


def first(values: Array) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(np.moveaxis(values, 3, 1)))


def last(values: torch.Tensor) -> Array:
    return np.moveaxis(values.numpy(), 1, 3)


def same(values: torch.Tensor, kernel: int, stride: int, spread: int = 1, by: float = 0.0) -> Any:
    """Return values padded as TensorFlow's SAME is defined: what is odd goes below and right."""
    ends: list[int] = []
    for side in values.shape[:1:-1]:
        whole = max((-(-side // stride) - 1) * stride + (kernel - 1) * spread + 1 - side, 0)
        ends += [whole // 2, whole - whole // 2]
    return F.pad(values, ends, value=by)


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("padding", ["SAME", "VALID", "EXPLICIT"])
@pytest.mark.parametrize("activation", ["", "Relu", "Relu6"])
def test_convolutions(tmp_path: Path, stride: int, padding: str, activation: str) -> None:
    kernel, bias, graph = halves(3, 3, 3, 5), halves(5), Graph()
    steps = ["BiasAdd", activation] if activation else ["BiasAdd"]
    graph.const("k", kernel)
    graph.const("b", bias)
    graph.add(
        "_FusedConv2D", "x", "k", "b", strides=[1, stride, stride, 1], padding=padding,
        fused_ops=steps, explicit_paddings=[0, 0, 1, 0, 2, 1, 0, 0], data_format="NHWC",
    )  # fmt: skip
    values = first(PICTURE)
    if padding == "SAME":
        values = same(values, 3, stride)
    elif padding == "EXPLICIT":
        values = F.pad(values, [2, 1, 1, 0])
    weight = torch.from_numpy(kernel.transpose(3, 2, 0, 1).copy())
    wanted = F.conv2d(values, weight, torch.from_numpy(bias), stride)
    wanted = {"": wanted, "Relu": wanted.relu(), "Relu6": F.relu6(wanted)}[activation]
    np.testing.assert_allclose(computed(graph, tmp_path), last(wanted), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("op", ["DepthwiseConv2dNative", "FusedDepthwiseConv2dNative"])
@pytest.mark.parametrize(("stride", "spread"), [(1, 1), (2, 1), (1, 2)])
def test_depthwise_convolutions(tmp_path: Path, op: str, stride: int, spread: int) -> None:
    kernel, graph = halves(3, 3, 3, 2), Graph()
    graph.const("k", kernel)
    more: dict[str, object] = {"fused_ops": ["BiasAdd", "Relu"]} if op.startswith("F") else {}
    inputs = ("x", "k", graph.const("b", halves(6))) if more else ("x", "k")
    graph.add(
        op, *inputs, strides=[1, stride, stride, 1], padding="SAME",
        dilations=[1, spread, spread, 1], **more,
    )  # fmt: skip
    weight = torch.from_numpy(kernel.transpose(2, 3, 0, 1).reshape(6, 1, 3, 3).copy())
    values = same(first(PICTURE), 3, stride, spread)
    wanted = F.conv2d(values, weight, None, stride, 0, spread, groups=3)
    if more:
        bias = np.frombuffer(graph.data[-12:], "<f2").astype(np.float32)
        wanted = (wanted + torch.from_numpy(bias)[:, None, None]).relu()
    np.testing.assert_allclose(computed(graph, tmp_path), last(wanted), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("padding", ["SAME", "VALID"])
def test_pools(tmp_path: Path, padding: str) -> None:
    for op in ("MaxPool", "AvgPool"):
        graph = Graph()
        graph.add(op, "x", ksize=[1, 3, 3, 1], strides=[1, 2, 2, 1], padding=padding)
        values = first(PICTURE)
        counted = torch.ones_like(values)
        if padding == "SAME":
            values = same(values, 3, 2, by=-np.inf if op == "MaxPool" else 0)
            counted = same(counted, 3, 2)
        wanted = (
            F.max_pool2d(values, 3, 2)
            if op == "MaxPool"
            # What was padded does not count.
            else F.avg_pool2d(values, 3, 2) / F.avg_pool2d(counted, 3, 2)
        )
        np.testing.assert_allclose(computed(graph, tmp_path), last(wanted), rtol=1e-5, atol=1e-6)


def places(size: int, new: int, aligned: bool, half: bool) -> Array:
    """Return where the values of a resized axis come from."""
    at = np.arange(new, dtype=np.float64)
    if aligned:
        return at * (size - 1) / (new - 1)
    return (at + 0.5) * size / new - 0.5 if half else at * size / new


def linear(values: Array, axis: int, at: Array) -> Array:
    at = at.clip(0, values.shape[axis] - 1)
    low = np.floor(at).astype(int)
    high = np.minimum(low + 1, values.shape[axis] - 1)
    share = np.expand_dims(at - low, tuple(i for i in range(4) if i != axis))
    return values.take(low, axis) * (1 - share) + values.take(high, axis) * share


@pytest.mark.parametrize(("aligned", "half"), [(False, False), (True, False), (False, True)])
def test_resizing(tmp_path: Path, aligned: bool, half: bool) -> None:
    size = (13, 15)
    rows, columns = (places(a, b, aligned, half) for a, b in zip((7, 10), size, strict=True))
    for op in ("ResizeBilinear", "ResizeNearestNeighbor"):
        graph = Graph()
        graph.const("size", np.array(size, dtype=np.int32))
        graph.add(op, "x", "size", align_corners=aligned, half_pixel_centers=half)
        if op == "ResizeBilinear":
            wanted = linear(linear(PICTURE, 1, rows), 2, columns)
        else:
            # Half a cell more is the nearest one, but where corners count it is the cell itself.
            more = 0.5 if aligned or half else 0.0
            which = [np.floor(at + more + 1e-9).astype(int) for at in (rows, columns)]
            wanted = PICTURE.take(which[0], 1).take(which[1], 2)
        np.testing.assert_allclose(computed(graph, tmp_path), wanted, rtol=1e-4, atol=1e-5)


Wanted = Callable[[Array], Array]

SIMPLE: dict[str, tuple[tuple[Any, ...], dict[str, object], Wanted]] = {
    "Add": ((np.float32([1, 2, 3]),), {}, lambda x: x + np.float32([1, 2, 3])),
    "AddV2": ((np.float32(0.5),), {}, lambda x: x + 0.5),
    "BiasAdd": ((np.float32([1, 2, 3]),), {}, lambda x: x + np.float32([1, 2, 3])),
    "Mul": ((np.float32(0.5),), {}, lambda x: x * 0.5),
    "Sub": ((np.float32(0.5),), {}, lambda x: x - 0.5),
    "Relu": ((), {}, lambda x: np.maximum(x, 0)),
    "Relu6": ((), {}, lambda x: x.clip(0, 6)),
    "Sigmoid": ((), {}, lambda x: 1 / (1 + np.exp(-x))),
    "Identity": ((), {}, lambda x: x),
    "ConcatV2": (
        (np.ones((1, 7, 10, 2), np.float32), np.int32(3)),
        {},
        lambda x: np.concatenate([x, np.ones((1, 7, 10, 2))], axis=3),
    ),
    "Pad": (
        (np.int32([[0, 0], [1, 2], [0, 3], [0, 0]]),),
        {},
        lambda x: np.pad(x, [(0, 0), (1, 2), (0, 3), (0, 0)]),
    ),
    "PadV2": (
        (np.int32([[0, 0], [1, 2], [0, 0], [0, 0]]), np.float32(-2)),
        {},
        lambda x: np.pad(x, [(0, 0), (1, 2), (0, 0), (0, 0)], constant_values=-2),
    ),
    "Reshape": ((np.int32([1, -1, 3]),), {}, lambda x: x.reshape(1, -1, 3)),
    "Transpose": ((np.int32([0, 3, 1, 2]),), {}, lambda x: x.transpose(0, 3, 1, 2)),
    "Mean": (
        (np.int32([1, 2]),),
        {"keep_dims": True},
        lambda x: x.mean(axis=(1, 2), keepdims=True),
    ),
}


@pytest.mark.parametrize("op", SIMPLE)
def test_other_operators(tmp_path: Path, op: str) -> None:
    constants, attributes, wanted = SIMPLE[op]
    graph, picture = Graph(), PICTURE * 4
    names = [graph.const(f"c{at}", values) for at, values in enumerate(constants)]
    graph.add(op, "x", *names, **attributes)
    found = computed(graph, tmp_path, picture)
    np.testing.assert_allclose(found, wanted(picture), rtol=1e-4, atol=1e-5)


def test_weights_are_read_as_they_are_stored(tmp_path: Path) -> None:
    """Bytes and half floats are what the manifest says; the shards cut a weight in two."""
    stored = {
        "uint8": np.array([-1.0, -0.5, 26.5]),
        "uint16": np.array([-1.0, 500.0, 31_000.0]),
    }
    for kind, values in stored.items():
        graph = Graph()
        graph.const("c", values, dtype=kind, scale=0.5, min=-1.0)
        graph.add("Add", "x", "c")
        wanted = PICTURE + values.astype(np.float32)
        np.testing.assert_allclose(computed(graph, tmp_path), wanted, rtol=1e-6)
    graph = Graph()
    graph.const("c", np.array([np.pi, 0, 1]), dtype="none")
    graph.add("Add", "x", "c")
    wanted = PICTURE + np.float32([np.pi, 0, 1])
    np.testing.assert_allclose(computed(graph, tmp_path), wanted, rtol=1e-6)


# ---------------------------------------------------------------- heads


def centernet() -> Graph:
    """A CenterNet whose heat is the picture's colours, a quarter of its size, and whose boxes reach
    12, 8, 20 and 16 pixels from their centres; behind it, its boxes are picked.
    """
    graph = Graph((1, 64, 64, 3))
    graph.add("AvgPool", "x", name="p", ksize=[1, 4, 4, 1], strides=[1, 4, 4, 1], padding="VALID")
    graph.const("share", np.float32(1 / 256))
    graph.add("Mul", "p", "share", name="keypoints")
    graph.const("k", np.zeros((1, 1, 3, 4)))
    graph.const("b", np.float32([12, 8, 20, 16]))
    graph.add(
        "_FusedConv2D", "p", "k", "b", name="wh", strides=[1, 1, 1, 1], padding="SAME",
        fused_ops=["BiasAdd"],
    )  # fmt: skip
    window = {"ksize": [1, 3, 3, 1], "strides": [1, 1, 1, 1], "padding": "SAME"}
    graph.add("MaxPool", "keypoints", name="greatest", **window)
    graph.add("Equal", "keypoints", "greatest", name="equal")
    graph.add("Cast", "equal", name="peak")
    graph.add("Mul", "keypoints", "peak", name="peaks")
    graph.const("flat", np.int32([1, -1]))
    graph.add("Reshape", "peaks", "flat", name="row")
    graph.const("hundred", np.int32(100))
    graph.add("TopKV2", "row", "hundred", name="top")
    graph.const("rows", np.int32([-1, 4]))
    graph.add("Reshape", "wh", "rows", name="sides")
    graph.const("axis", np.int32(0))
    graph.add("GatherV2", "sides", "top:1", "axis", name="detections")
    return graph


def planted() -> NDArray[np.uint8]:
    """A picture whose cell (8, 6) is green."""
    pixels = np.zeros((64, 128, 3), dtype=np.uint8)
    # Its neighbours are darker: where pictures are made smaller, edges are blurred.
    pixels[20:32, 56:80, 1] = 100
    pixels[24:28, 64:72, 1] = 230
    return pixels


@pytest.mark.parametrize("stated", [("wh", "detections", "keypoints"), ("detections",), ()])
def test_a_planted_peak_becomes_the_right_box(tmp_path: Path, stated: tuple[str, ...]) -> None:
    """Heads are what the signature names, or else what feeds the picking of boxes."""
    file = centernet().write(tmp_path, *stated)
    (tmp_path / "labels.txt").write_text("cat\ndog\nbird\n")
    for path in (file, tmp_path):
        detector = open_detector(path)
        assert isinstance(detector, OnnxDetector) and detector.decoder == "ttfnet"
        assert [one.name for one in detector.files] == [
            "model.json", "group1-shard1of2.bin", "group1-shard2of2.bin",
        ]  # fmt: skip
        (found,) = detector.detect([planted()])
        assert found.labels.tolist() == ["dog"]
        assert found.scores[0] == pytest.approx(230 / 256, abs=0.06)
        # The centre is (32, 24) of the input; the picture is twice as wide.
        np.testing.assert_allclose(found.boxes, [[40, 16, 104, 40]], atol=1e-3)


def test_a_folder_or_a_file_is_opened_with_pictures(tmp_path: Path) -> None:
    file = centernet().write(tmp_path / "net", "keypoints", "wh")
    (tmp_path / "net" / "labels.txt").write_text("cat\ndog\nbird\n")
    write_pictures(tmp_path / "images", 2)
    for path in (file, tmp_path / "net"):
        model = opened(path, images=tmp_path / "images")
        assert model.importer == "onnx-detectors"
        assert sorted(one.name for one in model.files) == [
            "group1-shard1of2.bin", "group1-shard2of2.bin", "model.json",
        ]  # fmt: skip
    with pytest.raises(BadInput, match="--labels FILE"):
        open_detector(file, DetectorOptions(labels=_labels(tmp_path, "a\nb\n")))


def _labels(folder: Path, text: str) -> Path:
    (folder / "other.txt").write_text(text)
    return folder / "other.txt"


def test_other_weights_are_another_detector(tmp_path: Path) -> None:
    file = centernet().write(tmp_path, "keypoints", "wh")
    (tmp_path / "labels.txt").write_text("cat\ndog\nbird\n")
    before = open_detector(file).digest
    shard = tmp_path / "group1-shard2of2.bin"
    data = bytearray(shard.read_bytes())
    data[0] ^= 1
    shard.write_bytes(bytes(data))
    assert open_detector(file).digest != before


def test_other_json_is_not_taken_for_a_graph(tmp_path: Path) -> None:
    (tmp_path / "model.json").write_text('{"images": [], "annotations": [], "categories": []}')
    assert graph_file(tmp_path / "model.json") is None and graph_file(tmp_path) is None
    assert graph_file(tmp_path / "none.json") is None


# ---------------------------------------------------------------- what is refused


def simple() -> Graph:
    graph = Graph()
    graph.const("c", np.float32([1, 2, 3, 4])[:3])
    graph.add("Add", "x", "c")
    return graph


def refused(file: Path, fault: str) -> None:
    with pytest.raises(BadInput, match=fault):
        open_detector(file)


@pytest.mark.parametrize(
    "name", ["../secret.bin", "a/../../secret.bin", "..\\secret.bin", "/etc/hostname", "C:\\s", ""]
)
def test_shards_outside_the_folder_are_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (tmp_path / "secret.bin").write_bytes(b"\0" * 6)
    graph = simple()
    file = graph.write(tmp_path / "in")
    said = json.loads(file.read_text())
    said["weightsManifest"][0]["paths"] = [name]
    file.write_text(json.dumps(said))
    refused(file, "outside the model's folder; it is not read")


def test_shards_through_a_link_are_not_read(tmp_path: Path) -> None:
    (tmp_path / "secret.bin").write_bytes(b"\0" * 3)
    file = simple().write(tmp_path / "in")
    shard = tmp_path / "in" / "group1-shard2of2.bin"
    shard.unlink()
    shard.symlink_to(tmp_path / "secret.bin")
    refused(file, "leads out of the model's folder")
    shard.unlink()
    refused(file, "lacks 'group1-shard2of2.bin'")


@pytest.mark.parametrize("change", [b"", b"\0" * 9])
def test_sizes_of_shards_are_compared_with_the_manifest(tmp_path: Path, change: bytes) -> None:
    file = simple().write(tmp_path)
    (tmp_path / "group1-shard2of2.bin").write_bytes(change)
    refused(file, r"weights take 6 bytes and the files beside it have \d+")


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"shape": [1 << 20, 1 << 20]}, "'c' has an absurd shape"),
        ({"shape": [-3]}, "'c' has an absurd shape"),
        ({"shape": ["3"]}, "'c' has an absurd shape"),
        ({"dtype": "string"}, "of type 'string'"),
        ({"quantization": {"dtype": "float8"}}, "stored as 'float8'"),
        ({"quantization": {"dtype": "uint8", "scale": "1"}}, "no number"),
        ({"quantization": 7}, "quantization is no JSON object"),
        ({"name": "d"}, "no values in the manifest"),
    ],
)
def test_odd_manifests_are_refused(tmp_path: Path, changed: dict[str, Any], fault: str) -> None:
    graph = simple()
    graph.weights[0].update(changed)
    refused(graph.write(tmp_path), fault)


def test_a_weight_that_is_stated_twice_is_refused(tmp_path: Path) -> None:
    graph = simple()
    graph.const("c", np.float32([1, 2, 3]))
    graph.nodes.pop()
    refused(graph.write(tmp_path), "the weight 'c' twice")


@pytest.mark.parametrize("op", ["LSTMBlockCell", "PyFunc", "ReadFile", "PartitionedCall"])
def test_unknown_operators_are_refused_by_name(tmp_path: Path, op: str) -> None:
    graph = Graph()
    graph.add(op, "x")
    refused(graph.write(tmp_path), f"needs the operator '{op}'.*not translated")


@pytest.mark.parametrize(
    ("attributes", "fault"),
    [
        ({"data_format": "NCHW"}, "channels before its sides"),
        ({"strides": [1, 0, 1, 1]}, "strides"),
        ({"strides": [2, 1, 1, 1]}, "strides"),
        ({"padding": "REFLECT"}, "padded as 'REFLECT'"),
        ({"padding": "EXPLICIT", "explicit_paddings": [1, 1]}, r"padded by \[1, 1\]"),
        ({"fused_ops": ["BiasAdd", "Elu"]}, "fused with 'BiasAdd, Elu'"),
        ({"dilations": [1, 2, 2, 1], "strides": [1, 2, 2, 1]}, "with strides"),
    ],
)
def test_convolutions_that_onnx_has_not_alike_are_refused(
    tmp_path: Path, attributes: dict[str, object], fault: str
) -> None:
    graph = Graph()
    graph.const("k", halves(3, 3, 3, 2))
    given = {"strides": [1, 1, 1, 1], "padding": "SAME", **attributes}
    graph.add("_FusedConv2D", "x", "k", **given)
    refused(graph.write(tmp_path), fault)


def test_kernels_and_sizes_have_to_be_constants(tmp_path: Path) -> None:
    graph = Graph()
    graph.add("Conv2D", "x", "x", strides=[1, 1, 1, 1], padding="SAME")
    refused(graph.write(tmp_path), "computed value where a constant is needed")
    graph = Graph()
    graph.const("size", np.int32([1 << 20, 1 << 20]))
    graph.add("ResizeBilinear", "x", "size")
    refused(graph.write(tmp_path), "has the shape .*; it is refused")


def test_absurd_inputs_are_refused(tmp_path: Path) -> None:
    graph = Graph((1, 1 << 20, 64, 3))
    graph.add("Relu", "x")
    refused(graph.write(tmp_path), "the input 'x' has the shape")


def test_damaged_graphs_are_refused(tmp_path: Path) -> None:
    loop = Graph()
    loop.add("Add", "x", "z")
    loop.add("Relu", "y", name="z")
    refused(loop.write(tmp_path, "y"), "a loop through")
    hole = Graph()
    hole.add("Add", "x", "nothing")
    refused(hole.write(tmp_path), "lacks the node 'nothing'")
    twice = Graph()
    twice.add("Relu", "x")
    twice.add("Relu", "x")
    refused(twice.write(tmp_path), "the node 'y' twice")
    refused(simple().write(tmp_path, "other"), "lacks 'other', which it should give out")
    refused(simple().write(tmp_path, modelTopology={"model_config": {}}), "layers instead")
    refused(simple().write(tmp_path, modelTopology=[]), "modelTopology is no JSON object")
    refused(simple().write(tmp_path, weightsManifest={}), "weightsManifest is no JSON list")
    second = Graph()
    second.add("TopKV2", "x")
    second.add("Relu", "y:1", name="z")
    refused(second.write(tmp_path), "takes no pictures, or gives nothing out")


def positions(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the way to every value within a JSON value."""
    within = value.items() if isinstance(value, dict) else enumerate(value)
    for key, one in within:
        yield (*path, key)
        if isinstance(one, dict | list):
            yield from positions(one, (*path, key))


@pytest.mark.parametrize("odd", [7, -1, "a", "1" * 5000, [], [[]], {}, None, 1e400, float("nan")])
def test_whatever_stands_in_the_json_it_is_read_or_refused(tmp_path: Path, odd: Any) -> None:
    file = centernet().write(tmp_path, "detections")
    whole = file.read_text()
    for *way, key in positions(json.loads(whole)):
        changed = within = json.loads(whole)
        for step in way:
            within = within[step]
        within[key] = odd
        file.write_text(json.dumps(changed))
        with contextlib.suppress(BadInput):
            model = converted_model(file)
            open_session(file, model.files, converted=model.proto)


def test_a_long_chain_of_nodes_is_followed(tmp_path: Path) -> None:
    graph, name = Graph(), "x"
    for step in range(3_000):
        name = graph.add("Identity", name, name=f"n{step}")
    model = tensorflow_js.converted_model(graph.write(tmp_path))
    assert len(model.proto.graph.node) == 3_000


def test_without_pictures_the_way_is_told(tmp_path: Path) -> None:
    file = centernet().write(tmp_path)
    with pytest.raises(UsageError, match="--images DIR"):
        opened(file)
