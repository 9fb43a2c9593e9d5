"""Placement alignment: placements saved to files, rotated onto each other and compared.

A file contains keys and coordinates, no texts. It is the user's own copy, as an export is: a
deletion removes the placement from the graph, but not from files.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from scipy.linalg import orthogonal_procrustes

from hartonomous.ask.layout.placement import Placement
from hartonomous.ask.layout.sphere import geodesic
from hartonomous.atomic_files import atomic
from hartonomous.bounded_parquet import read_parquet
from hartonomous.errors import BadInput, Conflict, NotFound

Floats = NDArray[np.float64]

FORMAT = "hartonomous placement 1"
LARGEST = 4 << 30
"""Largest placement file that is read, in bytes: 250,000 compositions of 64 dimensions take 0.15
GB.
"""


@dataclass(frozen=True)
class Alignment:
    """Distance of a placement, rotated onto an older one, from that one.

    Angles in radians over the `shared` compositions that have a point in both: the means before and
    after the rotation, and the `furthest` keys with their angle after it. `apart` counts those in
    only one of the two.
    """

    shared: int
    apart: int
    before: float
    after: float
    furthest: tuple[tuple[str, float], ...]


def align(moving: Placement, fixed: Placement, top: int = 10) -> tuple[Placement, Alignment]:
    """Return a placement rotated onto another, and their distance then.

    By orthogonal Procrustes (Schönemann 1966) over the shared compositions, on the sphere and, if
    both have the same number of dimensions, for the spectral vectors. Distances within the
    placement do not change. Raises BadInput if they share fewer than two points.
    """
    rows = {key: row for row, key in enumerate(fixed.keys)}
    both = [(here, rows[key]) for here, key in enumerate(moving.keys) if key in rows]
    pairs = np.array(both, dtype=np.int64).reshape(-1, 2)
    pointed = pairs[moving.directed[pairs[:, 0]] & fixed.directed[pairs[:, 1]]]
    if len(pointed) < 2:
        raise BadInput(
            "The two placements share fewer than two compositions; they cannot be aligned."
        )
    here, there = moving.quaternions[pointed[:, 0]], fixed.quaternions[pointed[:, 1]]
    turn, _ = orthogonal_procrustes(here, there)
    after = geodesic(here @ turn, there)
    spectral = moving.spectral
    if spectral.shape[1] == fixed.spectral.shape[1]:
        spectral_turn, _ = orthogonal_procrustes(spectral[pairs[:, 0]], fixed.spectral[pairs[:, 1]])
        spectral = spectral @ spectral_turn
    order = np.argsort(-after, kind="stable")[:top]
    return replace(moving, quaternions=moving.quaternions @ turn, spectral=spectral), Alignment(
        shared=len(pointed),
        apart=len(moving.keys) + len(fixed.keys) - 2 * len(pairs),
        before=float(geodesic(here, there).mean()),
        after=float(after.mean()),
        furthest=tuple((moving.keys[pointed[i, 0]], float(after[i])) for i in order),
    )


def save_placement(placement: Placement, path: Path, force: bool = False) -> None:
    """Write a placement as Parquet, atomically.

    Raises Conflict if the file exists and `force` is not given.
    """
    if path.exists() and not force:
        raise Conflict(f"{path} already exists; --force overwrites it.")
    columns = {
        "key": pa.array(placement.keys, pa.string()),
        "directed": pa.array(placement.directed),
        "quaternion": _fixed(placement.quaternions),
        "spectral": _fixed(placement.spectral),
    }
    table = pa.table(columns).replace_schema_metadata(
        {
            "format": FORMAT,
            "digest": placement.digest,
            "epoch": str(placement.epoch),
            "eigenvalues": " ".join(map(repr, placement.eigenvalues.tolist())),
        }
    )
    try:
        with atomic(path) as partial:
            pq.write_table(table, partial, compression="zstd")
    except OSError as error:
        raise BadInput(f"{path} cannot be written: {error.strerror or error}.") from error


def read_placement_file(path: Path) -> Placement:
    """Return a saved placement.

    Raises NotFound if there is no such file, BadInput if it is not a placement.
    """
    if not path.is_file():
        raise NotFound(f"There is no placement at {path}; 'hartonomous place --save' writes one.")
    if path.stat().st_size > LARGEST:
        raise BadInput(f"{path} is larger than {LARGEST >> 30} GiB; it is not a placement.")
    try:
        table = read_parquet(path)
        notes = {k.decode(): v.decode() for k, v in (table.schema.metadata or {}).items()}
        if notes.get("format") != FORMAT:
            raise BadInput(f"{path} is not a placement: it was not written by 'place --save'.")
        quaternions, spectral = _rows(table["quaternion"]), _rows(table["spectral"])
        values = np.array([float(value) for value in notes["eigenvalues"].split()])
        keys, directed = tuple(table["key"].to_pylist()), table["directed"].to_numpy()
        whole = bool(np.isfinite(quaternions).all() and np.isfinite(spectral).all())
        if quaternions.shape[1] != 4 or spectral.shape[1] != len(values) or not whole:
            raise BadInput(f"{path} is a damaged placement: its columns have different lengths.")
        return Placement(
            keys, quaternions, directed, spectral, values, notes["digest"], int(notes["epoch"])
        )
    except (pa.ArrowException, KeyError, ValueError, UnicodeDecodeError, OSError) as error:
        raise BadInput(f"{path} is not a placement: {str(error).splitlines()[0]}.") from error


def _fixed(rows: Floats) -> pa.FixedSizeListArray:
    flat = pa.array(np.ascontiguousarray(rows).ravel(), pa.float64())
    return pa.FixedSizeListArray.from_arrays(flat, rows.shape[1])


def _rows(column: pa.ChunkedArray) -> Floats:
    whole = column.combine_chunks()
    flat = np.asarray(whole.flatten(), dtype=np.float64)
    return flat.reshape(len(whole), whole.type.list_size)
