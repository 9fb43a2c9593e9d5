"""ONNX safety: what is checked of an ONNX file before the runtime sees it.

The file is parsed by protobuf alone, without its external data. Refused are: data outside the model's
folder, by name or through a link; operators that would need a library of somebody else's, and those
that open files; tensors whose data are shorter than their shape says, and values larger than a
detector of pictures has any use for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from hartonomous.errors import BadInput
from hartonomous.extract.files.untrusted_files import inside, read_bounded, shown
from hartonomous.pictures.picture_files import library

LARGEST = (1 << 31) - 1
"""Bytes; protobuf reads no more."""

MOST_VALUES = 1 << 28
"""Values of any tensor, a gigabyte of float32; the inputs of detectors have a few million."""

MOST_SIDE = 8_192
"""Pixels of an input's side."""

DOMAINS = frozenset({"", "ai.onnx", "ai.onnx.ml", "com.microsoft"})
"""Domains of operators that the runtime itself has."""

OPENS_FILES = frozenset({"EPContext", "PythonOp", "PythonOpGrad"})
"""Operators of the runtime that open files or run other code."""

DEEPEST = 16
"""Graphs within graphs."""


@dataclass(frozen=True)
class CheckedModel:
    """A model whose file passed the checks: `proto` is its ModelProto without external data, `files`
    the files it consists of, the model's first.
    """

    proto: Any
    files: tuple[Path, ...]

    @property
    def metadata(self) -> dict[str, str]:
        """Return what the file says about itself, by name."""
        return {entry.key: entry.value for entry in self.proto.metadata_props}


def checked_model(path: Path) -> CheckedModel:
    """Return the model in a file.

    Raises BadInput for a file that is no ONNX model, or is not safe to run.
    """
    onnx, parsing = library("onnx"), library("google.protobuf.message")
    data = read_bounded(path, LARGEST)
    try:
        model = onnx.load_model_from_string(data)
    except (parsing.DecodeError, ValueError) as error:
        raise BadInput(f"{path} is no ONNX model, or is damaged; download it again.") from error
    if not model.graph.node or not model.graph.input or not model.graph.output:
        raise BadInput(f"{path} is no ONNX model: it has no graph with inputs and outputs.")
    return checked_graph(path, model, (path,))


def checked_graph(path: Path, model: Any, files: tuple[Path, ...]) -> CheckedModel:
    """Return a ModelProto that was read from these files, the first of which is `path`.

    Raises BadInput for one that is not safe to run.
    """
    own = {(function.domain, function.name) for function in model.functions}
    external: dict[str, None] = {}
    for node in _nodes(path, model):
        if node.op_type in OPENS_FILES or (
            node.domain not in DOMAINS and (node.domain, node.op_type) not in own
        ):
            raise BadInput(
                f"{path} needs the operator {shown(f'{node.domain}:{node.op_type}')}, which runs code "
                "from outside the model; it is refused. Export the model with standard operators."
            )
    for tensor in _tensors(path, model):
        _check_tensor(path, tensor, external)
    _check_values(path, model)
    return CheckedModel(model, (*files, *(path.parent / name for name in external)))


def _graphs(path: Path, model: Any) -> Iterator[tuple[Any, Any]]:
    """Yield each list of nodes with what else holds tensors: graphs, graphs in them, functions."""
    waiting = [(model.graph, model.graph.node, 0)]
    waiting += [(None, function.node, 0) for function in model.functions]
    for training in model.training_info:
        waiting += [(training.initialization, training.initialization.node, 0)]
        waiting += [(training.algorithm, training.algorithm.node, 0)]
    while waiting:
        graph, nodes, depth = waiting.pop()
        if depth > DEEPEST:
            raise BadInput(f"{path} nests more than {DEEPEST} graphs; it is refused.")
        yield graph, nodes
        for node in nodes:
            for attribute in node.attribute:
                inner = [attribute.g] if attribute.HasField("g") else []
                waiting += [(one, one.node, depth + 1) for one in (*inner, *attribute.graphs)]


def _nodes(path: Path, model: Any) -> Iterator[Any]:
    for _, nodes in _graphs(path, model):
        yield from nodes


def _tensors(path: Path, model: Any) -> Iterator[Any]:
    for graph, nodes in _graphs(path, model):
        if graph is not None:
            yield from graph.initializer
            for sparse in graph.sparse_initializer:
                yield from (sparse.values, sparse.indices)
        for node in nodes:
            for attribute in node.attribute:
                if attribute.HasField("t"):
                    yield attribute.t
                yield from attribute.tensors
                sparse = [attribute.sparse_tensor] if attribute.HasField("sparse_tensor") else []
                for one in (*sparse, *attribute.sparse_tensors):
                    yield from (one.values, one.indices)


def _check_tensor(path: Path, tensor: Any, external: dict[str, None]) -> None:
    """Raise BadInput for a tensor of an absurd shape, or with data that are elsewhere or too short."""
    if any(size < 0 for size in tensor.dims) or prod(tensor.dims) > 8 * MOST_VALUES:
        raise BadInput(
            f"{path}: the tensor {shown(tensor.name)} has an absurd shape; it is refused."
        )
    onnx = library("onnx")
    size = _item_bytes(tensor)
    needed = prod(tensor.dims) * size // 8
    if tensor.data_location == onnx.TensorProto.EXTERNAL:
        _check_external(path, tensor, needed, external)
    elif tensor.HasField("raw_data") and size and len(tensor.raw_data) < needed:
        raise BadInput(
            f"{path}: the tensor {shown(tensor.name)} has {len(tensor.raw_data):,} bytes and needs "
            f"{needed:,}; the file is damaged."
        )


def _item_bytes(tensor: Any) -> int:
    """Return the bits of one value; 0 where they are not known."""
    onnx, helper = library("onnx"), library("onnx.helper")
    if tensor.data_type in (onnx.TensorProto.STRING, onnx.TensorProto.UNDEFINED):
        return 0
    name = onnx.TensorProto.DataType.Name(tensor.data_type)
    if name in ("INT4", "UINT4", "FLOAT4E2M1"):
        return 4
    try:
        return 8 * int(helper.tensor_dtype_to_np_dtype(tensor.data_type).itemsize)
    except KeyError:
        return 0


def _check_external(path: Path, tensor: Any, needed: int, external: dict[str, None]) -> None:
    said = {entry.key: entry.value for entry in tensor.external_data}
    name = said.get("location", "")
    parts = (PurePosixPath(name), PureWindowsPath(name))
    if not name or any(one.is_absolute() or one.drive or ".." in one.parts for one in parts):
        raise BadInput(
            f"{path}: the tensor {shown(tensor.name)} lies in {shown(name)}, outside the model's "
            "folder; it is not read."
        )
    file = inside(path.parent, name)
    try:
        offset, length = int(said.get("offset", 0)), int(said.get("length", needed))
    except ValueError:
        offset, length = -1, -1
    if offset < 0 or length < needed or offset + length > file.stat().st_size:
        raise BadInput(
            f"{path}: {shown(name)} is too short for the tensor {shown(tensor.name)}; download both."
        )
    external[name] = None


def _check_values(path: Path, model: Any) -> None:
    """Raise BadInput for an input, an output or a value in between that is absurdly large."""
    weights = {tensor.name for tensor in model.graph.initializer}
    for value in model.graph.input:
        sides = _sides(value)
        if value.name not in weights and any(side > MOST_SIDE for side in sides):
            raise BadInput(
                f"{path}: the input {shown(value.name)} has the shape {sides}; it is refused."
            )
    onnx = library("onnx")
    try:
        inferred = library("onnx.shape_inference").infer_shapes(model, data_prop=True).graph
    except (onnx.shape_inference.InferenceError, ValueError, RuntimeError):
        # The runtime infers shapes once more, and says what is wrong with them.
        inferred = model.graph
    for value in (*inferred.input, *inferred.output, *inferred.value_info):
        sides = _sides(value)
        if any(side < 0 for side in sides) or prod(sides) > MOST_VALUES:
            raise BadInput(
                f"{path}: the value {shown(value.name)} has the shape {sides}; it is refused."
            )


def _sides(value: Any) -> list[int]:
    """Return the known sides of a value's shape."""
    if not value.type.HasField("tensor_type"):
        return []
    shape = value.type.tensor_type.shape
    return [side.dim_value for side in shape.dim if side.HasField("dim_value")]
