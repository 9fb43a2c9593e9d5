"""ONNX models made by hand: outputs that do not depend on the picture, and files that do harm."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from PIL import Image


def constant_model(
    path: Path,
    outputs: Mapping[str, NDArray[Any]],
    size: tuple[int | str, int | str] = (64, 64),
    metadata: Mapping[str, str] | None = None,
    last: bool = False,
    more: tuple[Any, ...] = (),
) -> Path:
    """Write a model that gives the same outputs for any picture, and return its path."""
    nodes, described = [], []
    for name, values in outputs.items():
        tensor = numpy_helper.from_array(values, f"{name}_value")
        nodes.append(helper.make_node("Constant", [], [name], value=tensor))
        described.append(
            helper.make_tensor_value_info(
                name, helper.np_dtype_to_tensor_dtype(values.dtype), list(values.shape)
            )
        )
    shape = [1, *size, 3] if last else [1, 3, *size]
    picture = helper.make_tensor_value_info("images", TensorProto.FLOAT, shape)
    return save(path, helper.make_graph(nodes, "made", [picture, *more], described), metadata)


def save(path: Path, graph: Any, metadata: Mapping[str, str] | None = None, **more: Any) -> Path:
    """Write a graph as a model of an opset that every runtime reads, and return its path."""
    opsets = more.pop("opsets", [helper.make_opsetid("", 17)])
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8, **more)
    helper.set_model_props(model, dict(metadata or {}))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(model.SerializeToString())
    return path


def weighted(**tensor: Any) -> Any:
    """Return the graph of a model with one weight, which is added to the picture."""
    weight = TensorProto(name="weight", data_type=TensorProto.FLOAT, dims=[4])
    for key, value in tensor.items():
        if key == "external":
            weight.data_location = TensorProto.EXTERNAL
            for name, said in value.items():
                weight.external_data.add(key=name, value=str(said))
        elif key == "dims":
            del weight.dims[:]
            weight.dims.extend(value)
        else:
            setattr(weight, key, value)
    picture = helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, 64, 64])
    out = helper.make_tensor_value_info("out", TensorProto.FLOAT, None)
    node = helper.make_node("Identity", ["weight"], ["out"])
    return helper.make_graph([node], "made", [picture], [out], [weight])


def write_pictures(folder: Path, count: int, size: tuple[int, int] = (128, 64)) -> Path:
    """Write so many different pictures of that width and height, and return their folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        values = np.full((size[1], size[0], 3), number, dtype=np.uint8)
        Image.fromarray(values).save(folder / f"{number:04d}.png")
    return folder
