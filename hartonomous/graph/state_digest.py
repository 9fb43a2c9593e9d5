"""A digest of what a graph holds, from the sums that its tracks keep; no row is read.

Equal evidence, votes and formulas, equal digest: deletion and undo lead back to it. The epoch, which
counts changes, is no part of it.
"""

from __future__ import annotations

from typing import Any

from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph
from hartonomous.identity import content_digest

Facts = dict[str, Any]
"""`formula`, and `sources`: name to what the source and its tracks are known by."""


def read_facts(graph: Graph) -> Facts:
    """Return what the digest covers."""
    state = graph.read(query("rate/read_state"))
    sources = {
        row["source"]["name"]: {
            **row["source"],
            "tracks": {track["evidence"]: track for track in row["tracks"]},
            "visits": row["visits"],
        }
        for row in graph.read(query("delete/read_facts"))
    }
    return {"formula": state[0]["formula"] if state else None, "sources": sources}


def digest_of(facts: Facts) -> str:
    """Return the digest of a graph of these facts, blake3-256 in hexadecimal."""
    return content_digest("state", facts)


def state_digest(graph: Graph) -> str:
    """Return the digest of the graph as it is."""
    return digest_of(read_facts(graph))
