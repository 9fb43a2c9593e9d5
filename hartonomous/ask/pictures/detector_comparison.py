"""Detector comparison: where two sources disagree over the pictures that both saw."""

from __future__ import annotations

from dataclasses import dataclass

from hartonomous.ask.relations.neighbourhood import unknown_source
from hartonomous.errors import NotFound, UsageError
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph, Row


@dataclass(frozen=True)
class DetectorComparison:
    """Where two detectors disagree.

    `by_first`, `by_second` and `by_both` count the pictures they saw. `labels` have `label`,
    `only_first`, `only_second` and `both`: the pictures seen by both in which so many say it; and some
    of those in which one does, by caption. `relations` have `start`, `relation`, `end`; how often each
    detector says it (`first_n`, `second_n`) and says otherwise (`first_against`, `second_against`),
    over the pictures of each; the `difference` in decades; pictures.
    """

    first: str
    second: str
    by_first: int
    by_second: int
    by_both: int
    labels: tuple[Row, ...]
    relations: tuple[Row, ...]


def compare_detectors(graph: Graph, first: str, second: str, top: int = 10) -> DetectorComparison:
    """Return where two sources disagree over pictures: labels with most pictures first, relations by
    how far their difference is beyond noise.

    Raises NotFound for an unknown source, and if the two saw no picture in common; UsageError if they
    are the same.
    """
    if first == second:
        raise UsageError(f"{first!r} is compared with itself; name two sources.")
    for name in (first, second):
        if not graph.read(query("load/read_source"), name=name):
            raise unknown_source(graph, name)
    (seen,) = graph.read(query("ask/count_seen_pictures"), first=first, second=second)
    if not seen["by_both"]:
        raise NotFound(
            f"{first!r} saw {seen['by_first']:,} pictures, {second!r} {seen['by_second']:,}, and none is "
            "the same; ingest both with the same --images."
        )
    asked = {"first": first, "second": second, "top": top}
    labels = graph.read(query("ask/detectors"), **asked)
    relations = graph.read(query("ask/detector_relations"), **asked)
    return DetectorComparison(
        first, second, **seen, labels=tuple(labels), relations=tuple(relations)
    )
