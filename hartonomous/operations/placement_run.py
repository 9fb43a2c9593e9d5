"""The operation of a placement: computed, measured, compared, drawn, saved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypedDict, Unpack

from hartonomous.ask.layout import placement as layout
from hartonomous.ask.layout.placement import Placement, PlaceReport, read_placement
from hartonomous.ask.layout.placement_alignment import (
    Alignment,
    align,
    read_placement_file,
    save_placement,
)
from hartonomous.ask.layout.placement_pictures import draw
from hartonomous.ask.layout.placement_quality import (
    GALLERY,
    Agreement,
    Dense,
    Recall,
    neighbour_recall,
    same_token_agreement,
    two_sources,
)
from hartonomous.ask.layout.placement_scene import placed_scene
from hartonomous.errors import Conflict, UsageError
from hartonomous.extract.extraction import open_model
from hartonomous.extract.importer_protocol import OpenOptions
from hartonomous.extract.word_matrix import WordVectors
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph
from hartonomous.operations.ingestion import prepare
from hartonomous.operations.settings import checked
from hartonomous.progress import Progress, Say, unheard, unseen

STALE = (
    "Note: the graph changed since its placement; these coordinates are outdated. "
    "'hartonomous place' renews them."
)


@dataclass(frozen=True)
class PlacementRequest:
    """A request for a placement; made by `request_placement`, which opens the files.

    `dimensions` of the spectral vectors; `save`, a file for the placement, overwritten with `force`;
    `older`, the placement to rotate it onto; `pictures`, files to draw it into; `between`, two sources
    whose agreement is measured, over all shared words with `measure`; `dense`, their models' dense
    vectors, by source.
    """

    dimensions: int = 64
    save: Path | None = None
    force: bool = False
    older: Placement | None = None
    pictures: tuple[Path, ...] = ()
    between: tuple[str, str] | None = None
    dense: Mapping[str, Dense] = field(default_factory=dict)
    measure: bool = False


class PlacementSettings(TypedDict, total=False):
    """Options of a placement; each is optional.

    `dimensions`: dimensions of the spectral vectors, 1 to 256, 64. `save`: a file for the placement.
    `align`: a saved placement to rotate it onto and compare; the graph stores it unrotated.
    `picture`: files to draw it into, .png, .svg or interactive .html. `between`: two sources whose agreement
    is measured. `dense`: models with the dense vectors of a source, SOURCE=MODEL. `measure`: measure
    agreement over all shared words, not a sample. `force`: overwrite the `save` file.
    """

    dimensions: int
    save: Path | None
    align: Path | None
    picture: Sequence[Path]
    between: tuple[str, str] | None
    dense: Sequence[str]
    measure: bool
    force: bool


def request_placement(**settings: Unpack[PlacementSettings]) -> PlacementRequest:
    """Return the request, its files opened.

    Raises Conflict for an existing `save` file without `force`, NotFound for missing files, BadInput
    for files that are not a placement.
    """
    checked(settings, PlacementSettings)
    saved, save = settings.get("align"), settings.get("save")
    older = None if saved is None else read_placement_file(saved)
    vectors = _dense(settings.get("dense", ()))
    force = settings.get("force", False)
    if save is not None and save.exists() and not force:
        raise Conflict(f"{save} already exists; --force overwrites it.")
    return PlacementRequest(
        settings.get("dimensions", 64),
        save,
        force,
        older,
        tuple(settings.get("picture", ())),
        settings.get("between"),
        vectors,
        settings.get("measure", False),
    )


@dataclass(frozen=True)
class PlacementOutcome:
    """A placement and its quality.

    `recalls` of neighbours; `agreements` between the two sources of `pair`; `turned`, the alignment
    with the older placement; `furthest`, the words that moved most, with their angle in radians.
    """

    report: PlaceReport
    placement: Placement
    recalls: list[Recall]
    agreements: list[Agreement]
    pair: tuple[str, str] | None = None
    turned: Alignment | None = None
    furthest: Mapping[str, float] = field(default_factory=dict)


def lay_out_graph(
    graph: Graph,
    request: PlacementRequest,
    progress: Progress = unseen,
    say: Say = unheard,
) -> PlacementOutcome:
    """Compute a placement, write it to the graph, and measure, compare, draw and save it as requested.

    The graph stores it unrotated. What a picture lacks is reported to `say`. Raises as
    `layout.placement.place` says.
    """
    prepare(graph)
    placement, related, report = layout.place(graph, request.dimensions, progress)
    recalls = neighbour_recall(placement, related)
    pair = two_sources(graph, request.between or ())
    most = len(placement.keys) if request.measure else GALLERY
    agreements = (
        same_token_agreement(graph, placement, related, pair, request.dense, most) if pair else []
    )
    turned: Alignment | None = None
    if request.older is not None:
        placement, turned = align(placement, request.older)
    furthest = _named(graph, turned.furthest) if turned else {}
    for path in request.pictures:
        draw(placed_scene(graph), path, say=say)
    if request.save is not None:
        save_placement(placement, request.save, request.force)
    return PlacementOutcome(report, placement, recalls, agreements, pair, turned, furthest)


def draw_placement(
    graph: Graph, output: Path, colour: str = "community", say: Say = unheard
) -> None:
    """Draw the stored placement: .png, .svg, or a self-contained .html.

    Raises NotFound without a placement; an outdated one, and scripts without a font, are reported
    to `say`.
    """
    _, stale = read_placement(graph)
    if stale:
        say(STALE)
    draw(placed_scene(graph), output, colour, say)


def remark_stale(rows: Sequence[Mapping[str, Any]], say: Say) -> None:
    """Report results from a placement that is older than the graph."""
    if rows and rows[0]["stale"]:
        say(STALE)


def _dense(given: Sequence[str]) -> dict[str, Dense]:
    found: dict[str, Dense] = {}
    for entry in given:
        name, equals, model = entry.partition("=")
        path, _, words = model.partition(",")
        if not equals or not name or not path:
            raise UsageError(f"--dense takes SOURCE=MODEL or SOURCE=MODEL,WORDS, not {entry!r}.")
        options = OpenOptions(Path(words)) if words else OpenOptions()
        found[name] = WordVectors(open_model(path, options))
    return found


def _named(graph: Graph, furthest: Sequence[tuple[str, float]]) -> dict[str, float]:
    """Return angles by the words of compositions, or by key if there is no text."""
    keys = [key for key, _ in furthest]
    names = {row["key"]: row["text"] for row in graph.read(query("layout/read_texts"), keys=keys)}
    return {names.get(key, key): angle for key, angle in furthest}
