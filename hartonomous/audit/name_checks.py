"""Checks of the names of pictures and of records against what they follow from."""

from __future__ import annotations

from hartonomous.audit.audit_findings import LISTED, Findings
from hartonomous.audit.composition_checks import Compositions
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph, in_parts
from hartonomous.rate.captions import has_digested

STARTS = 5_000

UNNAMED = (
    "Nodes have no names: an earlier version wrote them. Any command that writes gives them some; "
    "they are not checked."
)


def check_captions(graph: Graph, compositions: Compositions) -> Findings:
    """Return findings on captions that differ from their places and rated labels."""
    found = Findings()
    if not has_digested(graph):
        return found
    parts = in_parts(compositions.ids.tolist(), STARTS)
    for answer in graph.stream_parts(query("rate/read_captions"), "ids", parts):
        for _, text, stored, meant in answer:
            if stored != meant:
                fault = f"Composition {text!r}: name is {stored!r}, expected {meant!r}."
                found.add("compositions with a wrong caption", fault)
    return found


def check_records(graph: Graph) -> Findings:
    """Return findings on tracks, batches, journals and suppressions with another name than theirs."""
    found = Findings()
    for row in graph.read(query("audit/find_odd_records"), top=LISTED):
        fault = f"{row['thing']}: name is {row['name']!r}, expected {row['expected']!r}."
        found.add("nodes with a wrong name", fault)
    return found
