"""TensorFlow operators in ONNX: those of detectors that are made of convolutions.

Values keep TensorFlow's layout (batch, height, width, channels); what ONNX has in the other layout
alone stands between two transpositions, which the runtime's optimizer takes out where it can.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hartonomous.pictures.picture_files import library

OPSET = 18
"""The first one whose means take their axes as a value."""

IR_VERSION = 8

TO_CHANNELS_FIRST = (0, 3, 1, 2)
TO_CHANNELS_LAST = (0, 2, 3, 1)


class UnfitOperator(Exception):
    """An operator is used in a way that cannot be translated; the message says how."""


@dataclass(frozen=True)
class Operation:
    """A node of TensorFlow's graph, with its attributes as the JSON has them."""

    name: str
    op: str
    inputs: tuple[str, ...]
    attributes: Mapping[str, Any]

    def with_inputs(self, names: Sequence[str]) -> Operation:
        """Return it with plain names of nodes as inputs."""
        return replace(self, inputs=tuple(names))

    def text(self, name: str, usual: str = "") -> str:
        """Return an attribute that is a text."""
        stated = self.stated(name).get("s")
        return usual if stated is None else _decoded(stated)

    def texts(self, name: str) -> list[str]:
        """Return an attribute that is a list of texts."""
        listed = self._listed(name).get("s", [])
        return [_decoded(one) for one in listed] if isinstance(listed, list) else []

    def whole(self, name: str) -> list[int]:
        """Return an attribute that is a list of whole numbers, empty if it is not stated."""
        try:
            return [int(one) for one in self._listed(name).get("i", [])]
        except (TypeError, ValueError, OverflowError) as error:
            raise UnfitOperator(f"has a {name} that is not made of whole numbers") from error

    def flag(self, name: str) -> bool:
        """Return an attribute that is true or false, the latter if it is not stated."""
        return bool(self.stated(name).get("b", False))

    def stated(self, name: str) -> Mapping[str, Any]:
        """Return an attribute as the JSON has it, empty if it is not stated."""
        found = self.attributes.get(name, {})
        return found if isinstance(found, dict) else {}

    def _listed(self, name: str) -> Mapping[str, Any]:
        found = self.stated(name).get("list", {})
        return found if isinstance(found, dict) else {}


@dataclass
class OnnxGraph:
    """An ONNX graph that is being made; a value has the name of the node that gives it."""

    weights: Mapping[str, NDArray[Any]]
    constants: dict[str, NDArray[Any]] = field(default_factory=dict)
    inputs: list[Any] = field(default_factory=list)
    nodes: list[Any] = field(default_factory=list)

    def add(self, op: str, inputs: Sequence[str], name: str, **attributes: Any) -> str:
        """Add a node, and return the name of its value."""
        made = library("onnx.helper").make_node(op, list(inputs), [name], **attributes)
        self.nodes.append(made)
        return name

    def constant(self, name: str, values: NDArray[Any]) -> str:
        """Add a constant, and return its name."""
        self.constants[name] = values
        return name

    def known(self, name: str) -> NDArray[Any]:
        """Return a constant's values; raises UnfitOperator for what depends on the picture."""
        if name not in self.constants:
            raise UnfitOperator("depends on a computed value where a constant is needed")
        return self.constants[name]

    def numbers(self, name: str) -> list[int]:
        """Return a constant's whole numbers."""
        values = self.known(name)
        if values.dtype.kind != "i" or values.size > 64:
            raise UnfitOperator("needs a few whole numbers, and has others")
        return [int(one) for one in values.ravel()]

    def channels_first(
        self, op: str, operation: Operation, more: Sequence[str] = (), **attributes: Any
    ) -> str:
        """Add a node between two transpositions."""
        name = operation.name
        first = self.add("Transpose", operation.inputs[:1], f"{name}/first", perm=TO_CHANNELS_FIRST)
        made = self.add(op, (first, *more), f"{name}/made", **attributes)
        return self.add("Transpose", (made,), f"{name}/last", perm=TO_CHANNELS_LAST)

    def model(self, heads: Sequence[str]) -> Any:
        """Return the ModelProto whose outputs are the heads, without constants that are not used."""
        helper, tensors = library("onnx.helper"), library("onnx.numpy_helper")
        floats = library("onnx").TensorProto.FLOAT
        used = {name for node in self.nodes for name in node.input}
        graph = helper.make_graph(
            self.nodes,
            "tensorflow",
            self.inputs,
            [helper.make_tensor_value_info(name, floats, None) for name in heads],
            [tensors.from_array(v, name) for name, v in self.constants.items() if name in used],
        )
        opsets = [helper.make_opsetid("", OPSET)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION)


Sides = Sequence[int] | None
Translation = Callable[[OnnxGraph, Operation, Sides], None]


def stated_sides(shape: Any) -> list[int] | None:
    """Return the sides that a JSON shape states, -1 for any; None if it states none."""
    sides = shape.get("dim") if isinstance(shape, dict) else None
    if not isinstance(sides, list) or not sides:
        return None
    try:
        return [int(side["size"]) for side in sides]
    except (KeyError, TypeError, ValueError, OverflowError):
        return None


def _placeholder(graph: OnnxGraph, operation: Operation, sides: Sides) -> None:
    shape = stated_sides(operation.stated("shape").get("shape")) or sides
    kind = operation.stated("dtype").get("type", "DT_FLOAT")
    if shape is None or kind not in ("DT_FLOAT", 1):
        raise UnfitOperator("is an input of no stated shape, or of another type than float32")
    named = [f"side_{axis}" if side < 0 else side for axis, side in enumerate(shape)]
    helper, onnx = library("onnx.helper"), library("onnx")
    value = helper.make_tensor_value_info(operation.name, onnx.TensorProto.FLOAT, named)
    graph.inputs.append(value)


def _const(graph: OnnxGraph, operation: Operation, _: Sides) -> None:
    if operation.name not in graph.weights:
        raise UnfitOperator("has no values in the manifest of weights")
    graph.constant(operation.name, graph.weights[operation.name])


def _plain(op: str, count: int) -> Translation:
    """Return the translation of an operator that ONNX has alike, of that many inputs."""

    def translate(graph: OnnxGraph, operation: Operation, _: Sides) -> None:
        _need(operation, count)
        graph.add(op, operation.inputs[:count], operation.name)

    return translate


def _relu6(graph: OnnxGraph, operation: Operation, _: Sides) -> None:
    _need(operation, 1)
    _activated(graph, "Relu6", operation.inputs[0], operation.name)


def _activated(graph: OnnxGraph, activation: str, value: str, name: str) -> None:
    """Add an activation of a value under a name."""
    if activation != "Relu6":
        graph.add(activation, (value,), name)
        return
    ends = [graph.constant(f"{name}/{end}", np.array(end, dtype=np.float32)) for end in (0, 6)]
    graph.add("Clip", (value, *ends), name)


def _convolution(depthwise: bool) -> Translation:
    def translate(graph: OnnxGraph, operation: Operation, _: Sides) -> None:
        _need(operation, 2)
        kernel = graph.known(operation.inputs[1])
        if kernel.ndim != 4 or not kernel.size or kernel.dtype.kind != "f":
            raise UnfitOperator(f"has a kernel of the shape {kernel.shape}")
        high, wide, channels, more = kernel.shape
        if depthwise:
            # Kernels of one channel follow each other in both layouts.
            turned = kernel.transpose(2, 3, 0, 1).reshape(channels * more, 1, high, wide)
        else:
            turned = kernel.transpose(3, 2, 0, 1)
        weight = graph.constant(f"{operation.name}/kernel", np.ascontiguousarray(turned))
        window = _window(operation, (high, wide), operation.whole("strides"))
        if depthwise:
            window["group"] = channels
        value = graph.channels_first("Conv", operation, (weight,), **window)
        _fused(graph, operation, value)

    return translate


def _fused(graph: OnnxGraph, operation: Operation, value: str) -> None:
    """Add what is fused with a convolution: a bias, an activation, or both."""
    steps = operation.texts("fused_ops")
    if steps not in ([], ["BiasAdd"], ["BiasAdd", "Relu"], ["BiasAdd", "Relu6"]):
        raise UnfitOperator(f"is fused with {', '.join(steps)[:60]!r}")
    if steps:
        _need(operation, 3)
        biased = f"{operation.name}/biased"
        value = graph.add("Add", (value, operation.inputs[2]), biased)
    if len(steps) == 2:
        _activated(graph, steps[1], value, operation.name)
    else:
        graph.add("Identity", (value,), operation.name)


def _pool(op: str) -> Translation:
    def translate(graph: OnnxGraph, operation: Operation, _: Sides) -> None:
        _need(operation, 1)
        size = _middle(operation, "ksize", operation.whole("ksize"))
        window = _window(operation, size, operation.whole("strides"))
        value = graph.channels_first(op, operation, kernel_shape=size, **window)
        graph.add("Identity", (value,), operation.name)

    return translate


def _window(operation: Operation, kernel: Sequence[int], strides: list[int]) -> dict[str, Any]:
    """Return how a window of that size moves, as ONNX states it."""
    if operation.text("data_format", "NHWC") != "NHWC":
        raise UnfitOperator("has its channels before its sides")
    found: dict[str, Any] = {"strides": _middle(operation, "strides", strides)}
    spread = _middle(operation, "dilations", operation.whole("dilations") or [1] * 4)
    if spread != [1, 1]:
        found["dilations"] = spread
    padding = operation.text("padding")
    if padding == "EXPLICIT":
        sides = operation.whole("explicit_paddings")
        if len(sides) != 8 or any(sides[:2] + sides[6:]) or min(sides) < 0:
            raise UnfitOperator(f"is padded by {sides[:8]}")
        found["pads"] = [sides[2], sides[4], sides[3], sides[5]]
    elif padding == "SAME" and spread == [1, 1]:
        found["auto_pad"] = "SAME_UPPER"
    elif padding == "SAME" and found["strides"] == [1, 1]:
        # The runtime pads no spread kernels by itself; at stride 1 the input's size does not matter.
        whole = [(size - 1) * by for size, by in zip(kernel, spread, strict=True)]
        found["pads"] = [one // 2 for one in whole] + [one - one // 2 for one in whole]
    elif padding != "VALID":
        raise UnfitOperator(f"is padded as {padding[:20]!r} with strides {strides[:4]}")
    return found


def _middle(operation: Operation, name: str, stated: list[int]) -> list[int]:
    """Return the two numbers of height and width of four, of which the others are 1."""
    if len(stated) != 4 or (stated[0], stated[3]) != (1, 1) or min(stated) < 1:
        raise UnfitOperator(f"has {name} {stated[:8]}")
    return stated[1:3]


def _resize(mode: str) -> Translation:
    def translate(graph: OnnxGraph, operation: Operation, _: Sides) -> None:
        _need(operation, 2)
        size = graph.numbers(operation.inputs[1])
        if len(size) != 2 or min(size) < 1:
            raise UnfitOperator(f"resizes to {size[:8]}")
        aligned, half = operation.flag("align_corners"), operation.flag("half_pixel_centers")
        how: dict[str, Any] = {"mode": mode}
        how["coordinate_transformation_mode"] = (
            "align_corners" if aligned else "half_pixel" if half else "asymmetric"
        )
        if mode == "nearest":
            how["nearest_mode"] = "round_prefer_ceil" if aligned or half else "floor"
        sizes = _sizes(graph, operation, size)
        value = graph.channels_first("Resize", operation, ("", "", sizes), **how)
        graph.add("Identity", (value,), operation.name)

    return translate


def _sizes(graph: OnnxGraph, operation: Operation, size: Sequence[int]) -> str:
    """Add all four sides of a resized value, channels first.

    The attribute `axes` would do, but the runtime's optimizer (1.32) forgets it when it moves a
    transposition.
    """
    name = operation.name
    ends = [
        graph.add("Shape", operation.inputs[:1], f"{name}/{axis}", start=axis, end=axis + 1)
        for axis in (0, 3)
    ]
    middle = graph.constant(f"{name}/size", np.array(size, dtype=np.int64))
    return graph.add("Concat", (*ends, middle), f"{name}/sizes", axis=0)


def _concat(graph: OnnxGraph, operation: Operation, _: Sides) -> None:
    _need(operation, 2)
    axis = graph.numbers(operation.inputs[-1])
    if len(axis) != 1:
        raise UnfitOperator(f"joins along the axes {axis[:8]}")
    graph.add("Concat", operation.inputs[:-1], operation.name, axis=axis[0])


def _pad(graph: OnnxGraph, operation: Operation, _: Sides) -> None:
    _need(operation, 2)
    sides = graph.numbers(operation.inputs[1])
    if len(sides) % 2 or min(sides, default=0) < 0:
        raise UnfitOperator(f"pads by {sides[:8]}")
    ends = np.array([*sides[::2], *sides[1::2]], dtype=np.int64)
    pads = graph.constant(f"{operation.name}/pads", ends)
    graph.add("Pad", (operation.inputs[0], pads, *operation.inputs[2:3]), operation.name)


def _reshape(graph: OnnxGraph, operation: Operation, _: Sides) -> None:
    _need(operation, 2)
    shape = np.array(graph.numbers(operation.inputs[1]), dtype=np.int64)
    sizes = graph.constant(f"{operation.name}/shape", shape)
    graph.add("Reshape", (operation.inputs[0], sizes), operation.name)


def _transpose(graph: OnnxGraph, operation: Operation, _: Sides) -> None:
    _need(operation, 2)
    order = graph.numbers(operation.inputs[1])
    graph.add("Transpose", operation.inputs[:1], operation.name, perm=order)


def _mean(graph: OnnxGraph, operation: Operation, _: Sides) -> None:
    _need(operation, 2)
    axes = np.array(graph.numbers(operation.inputs[1]), dtype=np.int64)
    named = graph.constant(f"{operation.name}/axes", axes)
    kept = int(operation.flag("keep_dims"))
    graph.add("ReduceMean", (operation.inputs[0], named), operation.name, keepdims=kept)


def _need(operation: Operation, count: int) -> None:
    if len(operation.inputs) < count:
        raise UnfitOperator(f"has {len(operation.inputs)} inputs and needs {count}")


def _decoded(text: Any) -> str:
    try:
        return base64.b64decode(str(text), validate=True).decode("ascii")
    except (binascii.Error, ValueError) as error:
        raise UnfitOperator("has an attribute that is no text") from error


OPERATORS: dict[str, Translation] = {
    "Add": _plain("Add", 2),
    "AddV2": _plain("Add", 2),
    "AvgPool": _pool("AveragePool"),
    "BiasAdd": _plain("Add", 2),
    "ConcatV2": _concat,
    "Const": _const,
    "Conv2D": _convolution(depthwise=False),
    "DepthwiseConv2dNative": _convolution(depthwise=True),
    "FusedDepthwiseConv2dNative": _convolution(depthwise=True),
    "Identity": _plain("Identity", 1),
    "MaxPool": _pool("MaxPool"),
    "Mean": _mean,
    "Mul": _plain("Mul", 2),
    "Pad": _pad,
    "PadV2": _pad,
    "Placeholder": _placeholder,
    "Relu": _plain("Relu", 1),
    "Relu6": _relu6,
    "Reshape": _reshape,
    "ResizeBilinear": _resize("linear"),
    "ResizeNearestNeighbor": _resize("nearest"),
    "Sigmoid": _plain("Sigmoid", 1),
    "Sub": _plain("Sub", 2),
    "Transpose": _transpose,
    "_FusedConv2D": _convolution(depthwise=False),
}
"""Translations by TensorFlow's names."""
