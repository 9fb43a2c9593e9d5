"""State digest: a digest of a graph's content, from the sums of its tracks; no row is read.

Equal evidence, votes and formulas give equal digests, so a deletion and its undo restore the
digest. The epoch, which counts changes, is not included.
"""

from __future__ import annotations

from typing import Any

from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph
from hartonomous.identity import content_digest

Facts = dict[str, Any]
"""`formula`, and `sources`: the facts of each source and its tracks by name."""


def read_facts(graph: Graph) -> Facts:
    """Return the facts in the digest."""
    state = graph.read(query("rate/read_state"))
    sources = {
        row["source"]["name"]: {
            **row["source"],
            "tracks": {track["evidence"]: track for track in row["tracks"]},
            "visits": row["visits"],
            # Left out where there are none, so that earlier digests stand.
            **({"places": row["places"]} if row["places"] else {}),
        }
        for row in graph.read(query("delete/read_facts"))
    }
    return {"formula": state[0]["formula"] if state else None, "sources": sources}


def digest_of(facts: Facts) -> str:
    """Return the digest of these facts, blake3-256 in hexadecimal."""
    return content_digest("state", facts)


def state_digest(graph: Graph) -> str:
    """Return the digest of the present graph."""
    return digest_of(read_facts(graph))
