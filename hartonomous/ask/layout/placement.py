"""Placement: coordinates of compositions, from the eigenvectors of the graph of all live sources.

The weight of a relation is 10 ** (decades / 1000), its odds by the consensus; relations at or below
even odds have none. A placement is a function of the rated graph alone: rows are ordered by key,
and signs and bases are determined by keys. It is stored on the compositions until a deletion
removes it, and is stale once the graph changes.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from blake3 import blake3
from numpy.typing import NDArray
from scipy import sparse

from hartonomous.ask.layout.eigenmaps import (
    SPARE,
    Eigenmap,
    adjacency,
    eigenmap,
    giant_component,
    probes,
)
from hartonomous.ask.layout.sphere import quaternions
from hartonomous.errors import Conflict, NotFound, UsageError
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph, Row, Transaction
from hartonomous.graph.placement_removal import purge_placements
from hartonomous.graph.writer_lock import WriterLock
from hartonomous.progress import Progress
from hartonomous.rate.rating_pass import read_state
from hartonomous.schema import DEFAULT_RELATION
from hartonomous.transparency.inventory_record import inventoried

MOST_DIMENSIONS = 256
BATCH = 5_000
"""Compositions written in one transaction."""


Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

Place = tuple[str, Sequence[float] | None, Sequence[float] | None]
"""Key, quaternion and spectral vector of a composition, None for a missing one."""


@dataclass(frozen=True)
class RelatedGraph:
    """The relations above even odds, as columns.

    `keys` (n,) ascending, their database `ids` (n,) int64, and the symmetric `odds` (n, n) float64,
    above 1. `digest` and `epoch` identify the graph.
    """

    keys: tuple[str, ...]
    ids: Integers
    odds: sparse.csr_array
    digest: str
    epoch: int


@dataclass(frozen=True)
class Placement:
    """Coordinates of the compositions of the largest component.

    `keys` (n,) ascending; `quaternions` (n, 4) float64 of length one, zero where `directed` (n,)
    bool is false; `spectral` (n, d) float64, orthonormal in the degree metric, with `eigenvalues`
    (d,).
    """

    keys: tuple[str, ...]
    quaternions: Floats
    directed: NDArray[np.bool_]
    spectral: Floats
    eigenvalues: Floats
    digest: str
    epoch: int


@dataclass(frozen=True)
class PlaceReport:
    """Counts and seconds of a placement.

    `apart` compositions are in smaller components, of which there are `components` less one;
    `unlikely` ones have no relation above even odds; `undirected` ones have a spectral vector but
    no point on the sphere. `cut`: the last eigenvalue has more dimensions than were requested.
    """

    placed: int
    relations: int
    dimensions: int
    components: int
    apart: int
    unlikely: int
    undirected: int
    cut: bool
    epoch: int
    digest: str
    seconds: dict[str, float]

    @property
    def share_beside_solver(self) -> float:
        """The share of the time outside the eigensolver."""
        total = sum(self.seconds.values())
        return 1 - self.seconds["solve"] / total if total else 0.0


def place(
    graph: Graph, dimensions: int, progress: Progress
) -> tuple[Placement, RelatedGraph, PlaceReport]:
    """Compute the placement of the graph and write it onto the compositions.

    Raises NotFound if there is no relation, Conflict if a rating pass is due, another writer is
    active, or the graph changed meanwhile: nothing is written then.
    """
    if not 1 <= dimensions <= MOST_DIMENSIONS:
        raise UsageError(f"Ask for 1 to {MOST_DIMENSIONS} dimensions, not {dimensions}.")
    clock = [time.perf_counter()]
    related = read_related(graph, progress)
    clock.append(time.perf_counter())
    nodes, components = giant_component(related.odds)
    if not len(nodes):
        raise NotFound("No relation in the graph is above even odds; there is nothing to place.")
    progress("solving", 0, 1)
    solved = lay_out(related, nodes, dimensions)
    progress("solving", 1, 1)
    clock.append(time.perf_counter())
    places, directed = quaternions(solved.vectors)
    placement = Placement(
        tuple(related.keys[node] for node in nodes),
        places,
        directed,
        solved.vectors,
        solved.values,
        related.digest,
        related.epoch,
    )
    degrees = np.diff(related.odds.indptr)
    relations = int(degrees[nodes].sum()) // 2
    with WriterLock(graph, "placing") as lock, inventoried(graph):
        _write(graph, lock, placement, relations, progress)
    clock.append(time.perf_counter())
    report = PlaceReport(
        placed=len(nodes),
        relations=relations,
        dimensions=len(solved.values),
        components=components,
        apart=int((degrees > 0).sum()) - len(nodes),
        unlikely=int((degrees == 0).sum()),
        undirected=int((~directed).sum()),
        cut=solved.cut,
        epoch=related.epoch,
        digest=related.digest,
        seconds=dict(zip(("read", "solve", "write"), np.diff(clock).tolist(), strict=True)),
    )
    return placement, related, report


def lay_out(related: RelatedGraph, nodes: Integers, dimensions: int) -> Eigenmap:
    """Return the eigenmap of some of the nodes, which have to be connected."""
    packed = np.frombuffer(
        bytes.fromhex("".join(related.keys[node] for node in nodes)), dtype=">u8"
    ).reshape(len(nodes), 2)
    part = related.odds if len(nodes) == len(related.keys) else related.odds[nodes][:, nodes]
    return eigenmap(part, dimensions, probes(packed.astype(np.uint64), dimensions + SPARE))


def read_related(graph: Graph, progress: Progress) -> RelatedGraph:
    """Return the relations above even odds.

    Raises NotFound if there are none, Conflict if a rating pass is due or ran meanwhile.
    """
    state = _settled_state(graph)
    keys: list[str] = []
    ids: list[int] = []
    ends: list[Integers] = []
    decades: list[Integers] = []
    progress("reading", 0, 1)
    for number, key, others, odds in graph.stream(
        query("layout/read_related", rated=DEFAULT_RELATION)
    ):
        keys.append(key)
        ids.append(number)
        ends.append(np.asarray(others, dtype=np.int64))
        decades.append(np.asarray(odds, dtype=np.int64))
    if not keys:
        raise NotFound("Nothing in the graph is related; 'hartonomous ingest' fills it.")
    if _settled_state(graph)["epoch"] != state["epoch"]:
        raise moved()
    progress("reading", 1, 1)
    return _ordered(keys, np.array(ids), ends, decades, state["epoch"])


def _ordered(
    keys: list[str], ids: Integers, ends: list[Integers], decades: list[Integers], epoch: int
) -> RelatedGraph:
    """Return the columns with rows in the order of the keys."""
    order = np.argsort(np.array(keys))
    row = np.empty(len(keys), dtype=np.int64)
    row[order] = np.arange(len(keys))
    by_id = np.argsort(ids)
    starts = np.repeat(row, [len(part) for part in ends])
    others = row[by_id[np.searchsorted(ids[by_id], np.concatenate(ends))]]
    exact = adjacency(starts, others, np.concatenate(decades).astype(np.float64), len(keys))
    listed = tuple(keys[place] for place in order)
    hasher = blake3("".join(listed).encode())
    for column in (exact.indptr, exact.indices, exact.data):
        hasher.update(column.astype("<i8").tobytes())
    odds = sparse.csr_array((10.0 ** (exact.data / 1000), exact.indices, exact.indptr), exact.shape)
    return RelatedGraph(listed, ids[order], odds, hasher.hexdigest(), epoch)


def _write(
    graph: Graph, lock: WriterLock, placement: Placement, relations: int, progress: Progress
) -> None:
    # The placement node is written first and stamped last: an interrupted write leaves an unstamped
    # node, and the coordinates count as stale.
    purge_placements(graph, lock)
    lock.write(query("layout/begin_placement"))
    size = len(placement.keys)
    for first in range(0, size, BATCH):
        part = slice(first, first + BATCH)
        points = zip(placement.quaternions[part].tolist(), placement.directed[part], strict=True)
        lock.write(
            query("layout/write_places"),
            keys=list(placement.keys[part]),
            quaternions=[point if has else None for point, has in points],
            spectra=placement.spectral[part].tolist(),
        )
        progress("writing", min(first + BATCH, size), size)

    def stamp(work: Transaction) -> list[Row]:
        lock.check(work)
        return work.run(
            query("layout/stamp_placement"),
            epoch=placement.epoch,
            digest=placement.digest,
            placed=size,
            relations=relations,
            dimensions=len(placement.eigenvalues),
            eigenvalues=placement.eigenvalues.tolist(),
            places=places_digest(_places(placement)),
        )

    if not graph.transact(stamp):
        purge_placements(graph, lock)
        raise moved()


def _places(placement: Placement) -> Iterable[Place]:
    points = zip(placement.quaternions.tolist(), placement.directed.tolist(), strict=True)
    quaternion = (point if has else None for point, has in points)
    return zip(placement.keys, quaternion, placement.spectral.tolist(), strict=True)


def places_digest(places: Iterable[Place]) -> str:
    """Return the blake3-256 of coordinates, given in the order of the keys, in hexadecimal."""
    hasher = blake3()
    for key, *coordinates in places:
        hasher.update(key.encode())
        for numbers in coordinates:
            # The count comes first, so that no number is mistaken for one of the next list.
            listed = [0.0] if numbers is None else [float(len(numbers)), *numbers]
            hasher.update(np.array(listed, dtype="<f8").tobytes())
    return hasher.hexdigest()


def read_placement(graph: Graph) -> tuple[Row, bool]:
    """Return the properties of the stored placement, and whether it is stale.

    Raises NotFound if there is none.
    """
    rows = graph.read(query("layout/read_placement"))
    if not rows:
        raise NotFound("There is no placement; 'hartonomous place' creates one.")
    return rows[0]["placement"], rows[0]["stale"]


@dataclass(frozen=True)
class PlacedWords:
    """The stored coordinates, as columns, in the order of the keys.

    `quaternions` (n, 4) and `spectral` (n, d) float64 as in Placement; `communities` and `known`
    are None for compositions without one; `degrees` (n,) int64 counts relations.
    """

    keys: tuple[str, ...]
    texts: tuple[str, ...]
    kinds: tuple[str, ...]
    known: tuple[str | None, ...]
    communities: tuple[int | None, ...]
    degrees: Integers
    quaternions: Floats
    spectral: Floats


def read_placed(graph: Graph) -> PlacedWords:
    """Return the stored coordinates; raises NotFound if there are none."""
    read_placement(graph)
    rows = graph.stream(query("layout/read_placed", rated=DEFAULT_RELATION))
    columns: list[list[object]] = [[] for _ in range(8)]
    while part := list(islice(rows, BATCH)):
        for column, values in zip(columns, zip(*part, strict=True), strict=True):
            column.extend(values)
    keys, texts, kinds, known, communities, degrees, points, spectral = columns
    if not keys:
        raise NotFound("There is no placement; 'hartonomous place' creates one.")
    return PlacedWords(
        tuple(map(str, keys)),
        tuple(map(str, texts)),
        tuple(map(str, kinds)),
        tuple(known),  # type: ignore[arg-type]
        tuple(communities),  # type: ignore[arg-type]
        np.array(degrees, dtype=np.int64),
        np.array([point or [0.0] * 4 for point in points], dtype=np.float64),
        np.array(spectral, dtype=np.float64),
    )


def _settled_state(graph: Graph) -> Row:
    state = read_state(graph)
    if not state["settled"]:
        raise Conflict(
            "A rating pass is running or was interrupted, and coordinates depend on ratings; "
            "wait for it, or finish it with 'hartonomous rate', then run this again."
        )
    return state


def moved() -> Conflict:
    """Return the error for a graph that changed during the placement."""
    return Conflict("The graph changed during the placement; run 'hartonomous place' again.")
