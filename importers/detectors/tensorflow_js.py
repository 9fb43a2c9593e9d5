"""TensorFlow.js graphs: `model.json` with its shards of weights, as an ONNX model up to its heads.

Operators are translated by `tensorflow_operators`. Those that pick boxes (`PICKING`) and what depends on
them are left out: the model then ends at its heads, and a box decoder picks. Nothing is read but the JSON
file and the shards beside it, whose sizes are compared with the manifest before.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hartonomous.errors import BadInput
from hartonomous.extract.files.untrusted_files import JSON_LIMIT, inside, read_json, shown
from importers.detectors.onnx_safety import LARGEST, MOST_VALUES, CheckedModel, checked_graph
from importers.detectors.tensorflow_operators import (
    OPERATORS,
    OnnxGraph,
    Operation,
    UnfitOperator,
    stated_sides,
)

USUAL_FILE = "model.json"

PICKING = frozenset(
    {
        "ArgMax", "CombinedNonMaxSuppression", "Equal", "GatherNd", "GatherV2", "Greater",
        "GreaterEqual", "NonMaxSuppressionV2", "NonMaxSuppressionV3", "NonMaxSuppressionV4",
        "NonMaxSuppressionV5", "TopK", "TopKV2", "Where",
    }
)  # fmt: skip
"""Operators that choose among boxes or peaks; decoders do it instead."""

ITEM_TYPES = {"float32": "<f4", "int32": "<i4", "bool": "|b1"}
QUANTIZED = {"float16": "<f2", "uint8": "|u1", "uint16": "<u2"}

Weights = dict[str, NDArray[Any]]


def graph_file(path: Path) -> Path | None:
    """Return the JSON file of a TensorFlow.js graph model: the path, or `model.json` in the folder; None
    for anything else.
    """
    file = path / USUAL_FILE if path.is_dir() else path
    if file.suffix.lower() != ".json" or not file.is_file() or file.stat().st_size > JSON_LIMIT:
        return None
    data = file.read_bytes()
    return file if b'"weightsManifest"' in data and b'"modelTopology"' in data else None


def converted_model(path: Path) -> CheckedModel:
    """Return the model of a TensorFlow.js JSON file as ONNX, up to its heads.

    Inputs and outputs keep their layout, which is (batch, height, width, channels), and their names.
    Raises BadInput for a file that is no graph model, is damaged, leads out of its folder, or needs an
    operator that cannot be translated.
    """
    model = _mapping(path, read_json(path), "the model")
    topology = _mapping(path, model.get("modelTopology"), "modelTopology")
    if "node" not in topology:
        raise BadInput(
            f"{path} has layers instead of a graph; convert it with tensorflowjs_converter to "
            "--output_format=tfjs_graph_model, or give an ONNX file."
        )
    operations = _operations(path, topology["node"])
    weights, shards = _weights(path, model.get("weightsManifest"))
    graph = OnnxGraph(weights)
    heads = _translated(path, operations, _asked(path, model, operations), graph, _inputs(model))
    return checked_graph(path, graph.model(heads), (path, *shards))


# ---------------------------------------------------------------- weights


@dataclass(frozen=True)
class Weight:
    """One entry of the manifest: its shape, the type of its values, and of its bytes if another, of
    which a value is `scale` times one plus `least`.
    """

    name: str
    shape: tuple[int, ...]
    type: np.dtype[Any]
    stored: np.dtype[Any]
    scale: float = 1.0
    least: float = 0.0

    @property
    def size(self) -> int:
        """Return the number of its bytes."""
        return prod(self.shape) * self.stored.itemsize

    def values(self, data: bytes) -> NDArray[Any]:
        """Return the values of its bytes."""
        read = np.frombuffer(data, self.stored).reshape(self.shape)
        if self.stored.kind == "u":
            read = read.astype(np.float64) * self.scale + self.least
            if self.type.kind == "i":
                read = np.rint(read)
        return read.astype(self.type)


def _weights(path: Path, manifest: Any) -> tuple[Weights, tuple[Path, ...]]:
    """Return the weights by name, and the files that they stand in."""
    found, files = Weights(), dict[Path, None]()
    for group in _list(path, manifest, "weightsManifest"):
        group = _mapping(path, group, "a group of weightsManifest")
        entries = [_weight(path, one) for one in _list(path, group.get("weights"), "weights")]
        shards = [_shard(path, name) for name in _list(path, group.get("paths"), "paths")]
        size, needed = sum(one.stat().st_size for one in shards), sum(one.size for one in entries)
        if size != needed or size > LARGEST:
            raise BadInput(
                f"{path}: its weights take {needed:,} bytes and the files beside it have {size:,}; "
                "download all of them again."
            )
        data, at = b"".join(one.read_bytes() for one in shards), 0
        for entry in entries:
            if entry.name in found:
                raise BadInput(f"{path} has the weight {shown(entry.name)} twice; it is damaged.")
            found[entry.name] = entry.values(data[at : at + entry.size])
            at += entry.size
        files.update(dict.fromkeys(shards))
    return found, tuple(files)


def _shard(path: Path, name: Any) -> Path:
    parts = (PurePosixPath(str(name)), PureWindowsPath(str(name)))
    if not name or any(one.is_absolute() or one.drive or ".." in one.parts for one in parts):
        raise BadInput(
            f"{path}: its weights lie in {shown(str(name))}, outside the model's folder; it is not read."
        )
    return inside(path.parent, str(name))


def _weight(path: Path, entry: Any) -> Weight:
    entry = _mapping(path, entry, "a weight")
    name, shape = str(entry.get("name")), entry.get("shape")
    sides = isinstance(shape, list) and all(type(side) is int and side >= 0 for side in shape)
    if not sides or prod(shape) > MOST_VALUES:
        raise BadInput(f"{path}: the weight {shown(name)} has an absurd shape; it is refused.")
    told = str(entry.get("dtype"))
    how = _mapping(path, entry.get("quantization", {}), "quantization")
    stored = str(how.get("dtype", told))
    if told not in ITEM_TYPES or stored not in (QUANTIZED if how else ITEM_TYPES):
        raise BadInput(
            f"{path}: the weight {shown(name)} is of type {shown(told)} stored as {shown(stored)}, which "
            f"is not read; there are {', '.join(ITEM_TYPES)}, stored as {', '.join(QUANTIZED)}."
        )
    scale, least = how.get("scale", 1.0), how.get("min", 0.0)
    if not all(isinstance(one, int | float) and math.isfinite(one) for one in (scale, least)):
        raise BadInput(f"{path}: the weight {shown(name)} has a scale that is no number.")
    bytes_as = QUANTIZED[stored] if how else ITEM_TYPES[stored]
    return Weight(name, tuple(shape), np.dtype(ITEM_TYPES[told]), np.dtype(bytes_as), scale, least)


# ---------------------------------------------------------------- graph


def _operations(path: Path, nodes: Any) -> dict[str, Operation]:
    found = dict[str, Operation]()
    for node in _list(path, nodes, "node"):
        node = _mapping(path, node, "a node")
        name, inputs = str(node.get("name")), node.get("input", [])
        if name in found:
            raise BadInput(f"{path} has the node {shown(name)} twice; it is damaged.")
        # "^name" orders nodes and hands on no value.
        given = [str(one) for one in _list(path, inputs, "input") if not str(one).startswith("^")]
        attributes = _mapping(path, node.get("attr", {}), "attr")
        found[name] = Operation(name, str(node.get("op")), tuple(given), attributes)
    return found


def _asked(path: Path, model: Mapping[str, Any], operations: Mapping[str, Operation]) -> list[str]:
    """Return the names of the nodes that the model gives out, as its signature or their place says."""
    stated = _signature(model, "outputs")
    used = {_source(one)[0] for operation in operations.values() for one in operation.inputs}
    names = stated or [
        name for name, one in operations.items() if name not in used and one.op != "Const"
    ]
    missing = [name for name in names if name not in operations]
    if missing or not names:
        lacks = shown(missing[0]) if missing else "an output"
        raise BadInput(f"{path} lacks {lacks}, which it should give out; it is damaged.")
    return sorted(names)


def _signature(model: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """Return what a signature states of inputs or outputs, by the names of their nodes."""
    more = model.get("userDefinedMetadata")
    signature = model.get("signature") or (
        more.get("signature") if isinstance(more, dict) else None
    )
    stated = signature.get(kind) if isinstance(signature, dict) else None
    if not isinstance(stated, dict):
        return {}
    entries = [(key, one) for key, one in stated.items() if isinstance(one, dict)]
    return {_source(str(one.get("name", key)))[0]: one for key, one in entries}


def _inputs(model: Mapping[str, Any]) -> dict[str, list[int]]:
    """Return the sides of the inputs whose shapes the signature states."""
    stated = _signature(model, "inputs")
    found = {name: stated_sides(one.get("tensorShape")) for name, one in stated.items()}
    return {name: sides for name, sides in found.items() if sides is not None}


def _translated(
    path: Path,
    operations: Mapping[str, Operation],
    asked: list[str],
    graph: OnnxGraph,
    inputs: Mapping[str, list[int]],
) -> list[str]:
    """Translate what the outputs need into the graph, and return the names of the heads."""
    picked, feeding, order = set[str](), dict[str, None](), list[str]()
    for operation in _in_order(path, operations, asked):
        sources = [_source(one) for one in operation.inputs]
        names = [name for name, _ in sources]
        if operation.op in PICKING or picked.intersection(names):
            picked.add(operation.name)
            feeding.update(dict.fromkeys(name for name in names if name not in picked))
            continue
        if operation.op not in OPERATORS or any(index for _, index in sources):
            raise BadInput(
                f"{path} needs the operator {shown(operation.op)} ({shown(operation.name)}), which is "
                "not translated to ONNX; convert the model with tf2onnx, and give the ONNX file."
            )
        try:
            sides = inputs.get(operation.name)
            OPERATORS[operation.op](graph, operation.with_inputs(names), sides)
        except UnfitOperator as error:
            raise BadInput(f"{path}: {shown(operation.name)} ({operation.op}) {error}.") from error
        order.append(operation.name)
    heads = [name for name in asked if name not in picked]
    heads = heads or _before_picking(operations, feeding, order)
    if not heads or not graph.inputs:
        raise BadInput(f"{path} takes no pictures, or gives nothing out; it is damaged.")
    return heads


def _before_picking(
    operations: Mapping[str, Operation], feeding: Iterable[str], order: Iterable[str]
) -> list[str]:
    """Return the nodes that feed those that pick, reshaping undone, without those that follow from
    others of them, such as the greatest of neighbours.
    """
    heads, behind = set[str](), set[str]()
    for name in feeding:
        while operations[name].op in ("Reshape", "Identity"):
            name = _source(operations[name].inputs[0])[0]
        if operations[name].op not in ("Const", "Placeholder"):
            heads.add(name)
    before = set(heads)
    for name in order:
        if any(_source(one)[0] in before for one in operations[name].inputs):
            behind.add(name)
            before.add(name)
    return sorted(heads - behind)


def _in_order(
    path: Path, operations: Mapping[str, Operation], asked: list[str]
) -> Iterator[Operation]:
    """Yield what the outputs need, each after its inputs."""
    done, open_ = set[str](), set[str]()
    waiting = [(name, False) for name in reversed(asked)]
    while waiting:
        name, ready = waiting.pop()
        if name in done:
            continue
        if name not in operations:
            raise BadInput(f"{path} lacks the node {shown(name)}; it is damaged.")
        operation = operations[name]
        if ready:
            open_.discard(name)
            done.add(name)
            yield operation
            continue
        if name in open_:
            raise BadInput(f"{path} has a loop through {shown(name)}; it is refused.")
        open_.add(name)
        waiting.append((name, True))
        waiting += [(_source(one)[0], False) for one in reversed(operation.inputs)]


def _source(name: str) -> tuple[str, int]:
    """Return the node that an input comes from, and which of its outputs it is.

    >>> _source("TopK:1"), _source("Conv")
    (('TopK', 1), ('Conv', 0))
    """
    node, colon, index = name.rpartition(":")
    return (node, int(index)) if colon and re.fullmatch("[0-9]{1,6}", index) else (name, 0)


def _mapping(path: Path, value: Any, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BadInput(f"{path} is no TensorFlow.js graph model: {what} is no JSON object.")
    return value


def _list(path: Path, value: Any, what: str) -> list[Any]:
    if not isinstance(value, list):
        raise BadInput(f"{path} is no TensorFlow.js graph model: {what} is no JSON list.")
    return value
