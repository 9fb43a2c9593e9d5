"""Checks of captions against the places and rated labels that they follow from."""

from __future__ import annotations

from hartonomous.audit.audit_findings import LISTED, Findings
from hartonomous.audit.composition_checks import Compositions
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph, in_parts
from hartonomous.rate.captions import has_digested

STARTS = 5_000


def check_captions(graph: Graph, compositions: Compositions) -> Findings:
    """Return findings on captions that differ from the expected ones."""
    found, kind = Findings(), "compositions with a wrong caption"
    for row in graph.read(query("audit/find_odd_captions"), top=LISTED):
        found.add(
            kind, f"Composition {row['text']!r}: caption is {row['caption']!r}, expected none."
        )
    if not has_digested(graph):
        return found
    parts = in_parts(compositions.ids.tolist(), STARTS)
    for answer in graph.stream_parts(query("rate/read_captions"), "ids", parts):
        for _, text, stored, meant in answer:
            if stored != meant:
                said, right = (repr(one) if one is not None else "none" for one in (stored, meant))
                found.add(kind, f"Composition {text!r}: caption is {said}, expected {right}.")
    return found
