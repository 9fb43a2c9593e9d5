"""Findings on sources: no vote, near-copies of others, hubs, observations that do not repeat."""

from __future__ import annotations

from dataclasses import dataclass

from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph
from hartonomous.rate.hubness import MOST_HUBNESS
from hartonomous.rate.source_agreement import SAME_LINEAGE
from hartonomous.schema import evidence_type


@dataclass(frozen=True)
class Finding:
    """One finding on one source: `kind` is disagreement, copy, hubs or chance."""

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
        by_chance = [one for one in row["untrusted"] if _does_not_repeat(graph, name, one)]
        if by_chance:
            text = (
                f"has no vote by {', '.join(by_chance)}: one half of its observations does not "
                "repeat the other"
            )
            found.append(Finding(name, "chance", text))
    return found


def _does_not_repeat(graph: Graph, source: str, evidence: str) -> bool:
    """Return whether halves of a track without trust were compared; an earlier version counted none."""
    if not evidence_type(evidence).halved:
        return False
    rows = graph.read(query("rate/read_half", evidence=evidence), source=source)
    return bool(rows and rows[0]["half"] is not None)
