"""Every node has a name, whatever act made it, and a graph of an earlier version gets them."""

from __future__ import annotations

from pathlib import Path

import pytest

from hartonomous.ask.layout.placement import place
from hartonomous.ask.relations.shown_texts import captions_of
from hartonomous.audit.audit_report import audit
from hartonomous.audit.name_checks import UNNAMED
from hartonomous.delete.deletion_plan import plan
from hartonomous.delete.selectors import Selectors
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph
from hartonomous.graph.migrations import migrate
from hartonomous.graph.writer_lock import WriterLock
from hartonomous.identity import composition_key
from hartonomous.schema import NAME_LENGTH
from hartonomous.transparency import transparency_log
from hartonomous.transparency.inventory_record import accept
from tests.building import (
    causal_bundle,
    exported,
    put_in,
    random_bundle,
    silent,
    take_out,
    with_places,
)
from tests.canaries import wipe_out
from tests.histories import take_back
from tests.made_pictures import DIGESTS, two

LONG = "\U0001f451" * NAME_LENGTH + " is a sentence of more letters than a name may have"


@pytest.fixture
def filled(graph: Graph, tmp_path: Path) -> Graph:
    """A graph with nodes of every label."""
    put_in(graph, with_places(causal_bundle(tmp_path, 1, more=["##ing"]), 1), "causal")
    put_in(graph, random_bundle(tmp_path, 2), "a")
    put_in(graph, random_bundle(tmp_path, 3), "b")
    put_in(graph, two(tmp_path)[0], "pictures")
    put_in(graph, random_bundle(tmp_path, 4), "a", replace=True)
    take_back(graph, take_out(graph, Selectors(sources=("b",))))
    take_out(graph, Selectors(concepts=("sea",)))
    wipe_out(graph, Selectors(sources=("causal",)))
    place(graph, 6, silent)
    return graph


def names(graph: Graph) -> list[tuple[str, str]]:
    """Return labels and name of every node, but for what names the machine's own state."""
    rows = graph.read(
        "MATCH (n) WHERE NOT n:Migration AND NOT n:Lock RETURN labels(n) AS l, n.name AS name"
    )
    return sorted((":".join(sorted(row["l"])), str(row["name"])) for row in rows)


def unnamed(graph: Graph) -> list[list[str]]:
    return [r["l"] for r in graph.read("MATCH (n) WHERE n.name IS NULL RETURN labels(n) AS l")]


def test_every_node_has_a_name(filled: Graph) -> None:
    assert unnamed(filled) == []
    known = dict.fromkeys(label for label, _ in names(filled))
    assert {"Source", "Track", "Batch", "Deletion", "Suppression", "LogEntry", "State"} <= set(
        known
    )
    told = names(filled)
    assert ("Track", "a embedding") in told and ("Track", "b embedding") in told
    assert ("Deletion", "delete 1") in told and ("Deletion", "erase 3") in told
    assert ("LogEntry", "0 ingest") in told and ("Composition:Image", "tom.png: cat") in told
    texts = filled.read("MATCH (c:Token) WHERE c.name <> c.text RETURN c")
    assert texts == []
    assert not any('"name"' in line for line in exported(filled) if '"composition"' in line)
    # An earlier version's plan has none either, and is compared with one of this version.
    (one,) = plan(filled, Selectors(sources=("a",)), silent).summary["sources"]["a"]["tracks"]
    assert one["evidence"] == "EMBEDDING_EVIDENCE" and "name" not in one


def test_a_name_edited_by_hand_is_found(filled: Graph) -> None:
    labels = ("Track", "Batch", "Deletion", "Suppression", "LogEntry", "Token", "Image")
    for label in labels:
        filled.write(f"MATCH (n:{label}) WITH n LIMIT 1 SET n.name = 'somebody'")
    findings = audit(filled, silent, full=True)["findings"]
    told = [one for one in findings if "'somebody'" in one]
    assert len(told) == len(findings) == len(labels)
    for thing in ("Track ", "Batch ", "Journal ", "Suppression ", "Entry ", "Composition "):
        assert any(one.startswith(thing) for one in told), thing


def test_a_graph_of_an_earlier_version_gets_names(filled: Graph) -> None:
    before, canonical = names(filled), exported(filled)
    filled.write("MATCH (c:Image) SET c.caption = c.name")
    filled.write("MATCH (e:LogEntry) SET e.title = e.name")
    filled.write("MATCH (n:Composition|Track|Batch|Deletion|Suppression|LogEntry) REMOVE n.name")
    filled.write("MATCH (m:Migration) WHERE m.version IN [22, 23] DELETE m")
    accept(filled)
    facts = audit(filled, silent, full=True)
    assert facts["findings"] == [] and UNNAMED in facts["limits"]
    assert captions_of(filled, DIGESTS[:2]) == {
        DIGESTS[0]: "yard.jpg: dog, fence, tree",
        DIGESTS[1]: "tom.png: cat",
    }
    transparency_log.check(filled)
    # What was named before an interruption is not named again.
    filled.write("MATCH (c:Composition) WITH c ORDER BY c.key LIMIT 9 SET c.name = c.text")
    filled.write("MATCH (c:Image) REMOVE c.name")
    with WriterLock(filled, "test"):
        pass
    assert names(filled) == before
    assert exported(filled) == canonical
    assert (
        filled.read("MATCH (n) WHERE n.title IS NOT NULL OR n.caption IS NOT NULL RETURN n") == []
    )
    facts = audit(filled, silent, full=True)
    assert facts["findings"] == [] and UNNAMED not in facts["limits"]
    assert migrate(filled) == ()


def test_a_long_text_is_cut_by_letters(graph: Graph) -> None:
    key = composition_key("Sentence", LONG)
    statement = query("load/merge_compositions", kind="Sentence")
    graph.write(statement, keys=[key], texts=[LONG], own=[None])
    found = graph.read("MATCH (c:Sentence) RETURN c.name AS name")
    assert found == [{"name": LONG[: NAME_LENGTH - 1] + "…"}]
    (row,) = graph.read(query("audit/check_compositions"))
    assert row["named"] is True
    graph.write("MATCH (c:Composition) REMOVE c.name")
    graph.write("MATCH (m:Migration {version: 22}) DELETE m")
    migrate(graph)
    assert graph.read("MATCH (c:Sentence) RETURN c.name AS name") == found
