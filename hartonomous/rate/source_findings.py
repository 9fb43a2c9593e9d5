"""Findings on sources: no vote, near-copies of others, hubs."""

from __future__ import annotations

from dataclasses import dataclass

from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph
from hartonomous.rate.hubness import MOST_HUBNESS
from hartonomous.rate.source_agreement import SAME_LINEAGE


@dataclass(frozen=True)
class Finding:
    """One finding on one source: `kind` is disagreement, copy or hubs."""

    source: str
    kind: str
    text: str


def read_findings(graph: Graph) -> list[Finding]:
    """Return the findings on the live sources, by name."""
    found = []
    for row in graph.read(query("rate/read_source_findings"), overlap=SAME_LINEAGE):
        name = row["name"]
        if row["distrusted"]:
            found.append(Finding(name, "disagreement", f"has no vote: it {row['distrusted']}"))
        if row["copies"]:
            others = ", ".join(f"{other} ({overlap:.0%})" for other, overlap in row["copies"])
            text = f"is a near-copy, by its pairs, of {others}; they share one trust"
            found.append(Finding(name, "copy", text))
        if row["hubness"] is not None and row["hubness"] > MOST_HUBNESS:
            text = (
                f"has one word in {row['hubness']:.1%} of its lists; in honest models at most 2.6%"
            )
            found.append(Finding(name, "hubs", text))
    return found
