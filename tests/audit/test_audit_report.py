"""The audit: it finds what was changed by hand, and its page shows the numbers of its JSON."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from hartonomous.audit.audit_report import audit, render
from hartonomous.audit.deletion_chart import picture_cut
from hartonomous.graph.driver import Graph
from hartonomous.proof.certificate import open_names
from hartonomous.proof.verify_certificate import verify
from hartonomous.transparency import keys
from tests.building import put_in, random_bundle, silent
from tests.certificates import issue


@pytest.fixture
def two(graph: Graph, tmp_path: Path) -> Graph:
    put_in(graph, random_bundle(tmp_path, 1), "one")
    put_in(graph, random_bundle(tmp_path, 2), "two")
    return graph


def test_a_sound_graph_has_no_findings(two: Graph) -> None:
    facts = audit(two, silent, full=True)
    assert facts["findings"] == []
    assert not facts["broken"]
    tracks = facts["full"]["tracks"]
    assert [(t["source"], t["sound"]) for t in tracks] == [("one", True), ("two", True)]
    assert sum(t["rows"] for t in tracks) == facts["graph"]["evidence"]["EMBEDDING_EVIDENCE"]
    assert facts["full"]["unfounded"] == {"RELATES": 0}


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        ("SET e.weight = e.weight + 1", "'one' was changed by hand"),
        ("SET e.n = e.n + 1", "'one' was changed by hand"),
        ("SET e.support = 0", "'one' was changed by hand"),
        ("SET e.positions = [7]", "'one' was changed by hand"),
        ("DELETE e", "its track says"),
        ("SET e.source = 'two'", "its track says"),
        ("SET e.source = 'three'", "'three', which is no source"),
        (
            "WITH a, b MERGE (a)-[r:RELATES]->(:Composition {key: '00000000000000000000000000000000'})",
            "no evidence of a live",
        ),
    ],
)
def test_the_full_audit_finds_a_hand_edit(two: Graph, edit: str, said: str) -> None:
    two.write(
        "MATCH (a)-[e:EMBEDDING_EVIDENCE {source: 'one'}]->(b) "
        f"WITH a, e, b ORDER BY a.key, b.key LIMIT 1 {edit}"
    )
    facts = audit(two, silent, full=True)
    assert said in " ".join(facts["findings"])
    assert facts["broken"]
    assert said in seen(render(facts))


def test_an_audit_that_is_not_full_tells_of_the_log(two: Graph) -> None:
    two.write("MATCH (e:LogEntry {index: 1}) DETACH DELETE e")
    facts = audit(two, silent)
    assert facts["broken"]
    assert "was truncated" in " ".join(facts["findings"])


def test_the_same_graph_gives_the_same_bytes(two: Graph) -> None:
    deletions = [verified(two)]
    pages = set()
    for _ in range(2):
        facts = audit(two, silent, full=True, certificates=deletions)
        facts["made"]["at"] = "2026-01-02T03:04:05Z"
        pages.add(render(facts))
    assert len(pages) == 1


def test_the_page_says_when_where_and_by_what_in_the_words_of_the_commands(two: Graph) -> None:
    facts = audit(two, silent, full=True, certificates=[verified(two)])
    text = seen(render(facts))
    for said in facts["made"].values():
        assert said in text
    assert facts["made"]["server"].startswith(two.address.uri)
    assert two.address.password not in render(facts)
    assert "restorable until 9999-12-25T00:00:00Z" in text
    assert "rows kept for 'hartonomous undo'" in text
    assert "evidence of removed sources still in the graph" in text
    assert not re.search(r"milli|audit/|delete/|scan/|count_", text)


def verified(graph: Graph) -> dict[str, Any]:
    certificate = issue(graph)
    return verify(certificate, str(keys.signing_key().public), open_names(certificate))


def seen(page: str) -> str:
    """The text that a page shows."""
    parts: list[str] = []
    parser = HTMLParser()
    parser.handle_data = parts.append  # type: ignore[method-assign]
    parser.feed(page)
    return " ".join(parts)


def test_the_page_shows_the_figures_of_the_json_and_escapes_names(two: Graph) -> None:
    facts = audit(two, silent, full=True, certificates=[verified(two)])
    page = render(facts)
    text = seen(page)
    for figure in (
        facts["graph"]["compositions"],
        *facts["graph"]["evidence"].values(),
        *facts["graph"]["relations"].values(),
        *(track["rows"] for track in facts["full"]["tracks"]),
        *facts["deletions"][0]["claims"]["removed"].values(),
    ):
        assert f"{figure:,}" in text
    for digest in (facts["log"]["root"], *(source["digest"] for source in facts["sources"])):
        assert digest in text
    assert "Ada <b>" in text and "<b>Ada" not in page and "Ada &lt;b&gt;" in page


def test_the_page_reaches_for_nothing(two: Graph) -> None:
    page = render(audit(two, silent, certificates=[verified(two)]))
    assert "default-src 'none'" in page
    assert not re.search(r"https?://|src=|href=|<script|<link|@import", page)


def test_the_picture_of_the_cut_is_in_proportion(two: Graph) -> None:
    evidence, relations, compositions = picture_cut(verified(two)["claims"])
    assert [s.what for s in evidence.segments] == ["stayed", "went"]
    assert [s.what for s in relations.segments] == ["stayed", "rerated", "went"]
    assert evidence.before == 4_000_000
    stayed, went = evidence.segments
    assert stayed.width / went.width == pytest.approx(3, rel=0.02)
    # What is small is still to be seen.
    assert compositions.segments[1].count == 12
    assert compositions.segments[1].width >= 2


@pytest.mark.parametrize("key", ["king", "", "0" * 31 + "g", "0" * 33])
def test_a_key_that_is_none_is_a_finding(graph: Graph, tmp_path: Path, key: str) -> None:
    put_in(graph, random_bundle(tmp_path, 1, size=60), "one")
    graph.write("MATCH (a:Composition) WITH a LIMIT 1 SET a.key = $key", key=key)
    facts = audit(graph, silent, full=True)
    assert facts["broken"]
    assert any(f"{key!r} is not 32 hexadecimal digits" in finding for finding in facts["findings"])
    assert any("changed by hand: its digest" in finding for finding in facts["findings"])


@pytest.mark.parametrize("edited", ["{}", "[]", '{"details": 1}', "no JSON"])
def test_an_entry_that_lost_its_fields_is_a_finding(two: Graph, edited: str) -> None:
    two.write("MATCH (e:LogEntry) WITH e ORDER BY e.index DESC LIMIT 1 SET e.entry = $e", e=edited)
    facts = audit(two, silent)
    assert facts["broken"]
    assert facts["log"]["entries"][0]["figures"] == {}
