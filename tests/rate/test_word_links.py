"""Names of several words are linked to their words, whatever came and went, and in whatever order."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hartonomous.audit.audit_report import LIMITS, audit
from hartonomous.delete.selectors import Selectors
from hartonomous.delete.undo import deletions
from hartonomous.graph.driver import Graph
from hartonomous.graph.writer_lock import WriterLock
from hartonomous.operations.ingestion import rate
from hartonomous.versions.backup import back_up, restore
from tests.building import exported, lose, put_in, random_bundle, silent, take_out, wipe
from tests.hand_edits import Editor
from tests.histories import History, take_back
from tests.made_names import (
    LABELS,
    SYMBOL,
    SYMBOLS,
    TOKEN,
    bundle_of_pairs,
    expected_links,
    links_of,
    random_names,
)


def check(graph: Graph) -> None:
    """Compare links, marks and words with the texts, and ask the audit."""
    links = links_of(graph)
    assert links == expected_links(graph)
    rows = graph.read(
        "MATCH (c:Composition) RETURN c.kind AS kind, c.text AS text, c:Phrase AS marked, "
        "c.words AS words"
    )
    for row in rows:
        words = {TOKEN: LABELS, SYMBOL: SYMBOLS}[row["kind"]].get(row["text"], [])
        assert row["marked"] == bool(words)
        assert list(dict.fromkeys(row["words"] or [])) == words
    facts = audit(graph, silent, full=True)
    assert facts["findings"] == [] and facts["limits"] == list(LIMITS)


@pytest.mark.parametrize("turn", range(3))
def test_links_follow_from_the_texts_whatever_came_and_went(
    graph: Graph, tmp_path: Path, rng: np.random.Generator, turn: int
) -> None:
    rng = np.random.default_rng([int(rng.integers(2**31)), turn])
    history, done, met = History(graph), list[str](), 0
    # A snapshot before the first removal: going back repeats none, whose names others may have taken.
    name, before = f"names-{turn}-{rng.integers(2**62)}", list[tuple[str, object]]()
    for number in range(6):
        if number == 1:
            before = history.keep(name)
        live = [r["n"] for r in graph.read("MATCH (s:Source) RETURN s.name AS n ORDER BY n")]
        choice = rng.random()
        if choice < 0.4 or not live:
            history.put(random_names(tmp_path, int(rng.integers(2**31))), f"s{number}")
        elif choice < 0.75 or not done:
            chosen = _selectors(graph, rng, live)
            if rng.random() < 0.25:
                history.erase(chosen)
                left = {row["id"] for row in deletions(graph) if row["state"] == "done"}
                done = [one for one in done if one in left]
            else:
                done.append(history.delete(chosen))
        else:
            history.undo(done.pop(int(rng.integers(len(done)))))
        check(graph)
        met += len(links_of(graph))
    history.roll_back(name, before)
    check(graph)
    history.check()
    assert links_of(graph) == expected_links(graph)
    assert met


def _selectors(graph: Graph, rng: np.random.Generator, live: list[str]) -> Selectors:
    if rng.random() < 0.3:
        return Selectors(sources=(live[int(rng.integers(len(live)))],))
    texts = [
        r["t"] for r in graph.read("MATCH (c:Composition) RETURN DISTINCT c.text AS t ORDER BY t")
    ]
    return Selectors(concepts=(texts[int(rng.integers(len(texts)))],))


def test_names_before_their_words_are_linked_as_words_before_their_names(
    graph: Graph, tmp_path: Path
) -> None:
    names = {
        "COOCCURRENCE_EVIDENCE": [((TOKEN, "traffic light"), (TOKEN, "hot dog"))],
        "CALLS_EVIDENCE": [((SYMBOL, "trafficLight"), (SYMBOL, "get_user"))],
    }
    words = {"COOCCURRENCE_EVIDENCE": [((TOKEN, "Light"), (TOKEN, "light"))]}
    bundles = [
        bundle_of_pairs(tmp_path / name, pairs)
        for name, pairs in (("names", names), ("words", words))
    ]
    found = []
    for order in (bundles, bundles[::-1]):
        wipe(graph)
        for bundle in order:
            put_in(graph, bundle, bundle.path.name)
        found.append((links_of(graph), exported(graph)))
    assert found[0] == found[1]
    assert found[0][0] == {
        (kind, name, word, 1)
        for kind, name in ((TOKEN, "traffic light"), (SYMBOL, "trafficLight"))
        for word in ("light", "Light")
    }
    # What is linked stays only for its own evidence.
    words_deletion = take_out(graph, Selectors(sources=("words",)))
    assert links_of(graph) == set()
    take_out(graph, Selectors(sources=("names",)))
    take_back(graph, words_deletion)
    assert links_of(graph) == set()
    assert {r["t"] for r in graph.read("MATCH (c:Composition) RETURN c.text AS t")} == {
        "Light", "light",
    }  # fmt: skip


def test_a_replaced_source_and_a_restored_backup_are_linked(served: Graph, tmp_path: Path) -> None:
    graph = served
    put_in(graph, random_names(tmp_path, 1), "one")
    put_in(graph, random_names(tmp_path, 2), "two")
    put_in(graph, random_names(tmp_path, 3), "one", replace=True)
    check(graph)
    links, lines = links_of(graph), exported(graph)
    with WriterLock(graph, "test") as lock:
        back_up(graph, lock, tmp_path / "backup", silent)
    lose(graph)
    with WriterLock(graph, "test") as lock:
        restore(graph, lock, tmp_path / "backup", silent)
    assert links_of(graph) == links and exported(graph) == lines
    check(graph)


def test_a_graph_of_an_earlier_version_says_so_until_it_is_rated(
    graph: Graph, tmp_path: Path
) -> None:
    put_in(graph, random_bundle(tmp_path, 1), "words")
    graph.write("MATCH (g:State) REMOVE g.reading")
    # Without names there is nothing to link.
    assert audit(graph, silent, full=True)["limits"] == list(LIMITS)
    put_in(graph, random_names(tmp_path, 2), "names")
    graph.write("MATCH ()-[h:HAS_WORD]->() DELETE h")
    graph.write("MATCH (c:Phrase) REMOVE c:Phrase, c.words")
    graph.write("MATCH (g:State) REMOVE g.reading")
    (limit,) = audit(graph, silent, full=True)["limits"][len(LIMITS) :]
    assert "rate --all" in limit
    rate(graph, silent, everything=True)
    facts = audit(graph, silent, full=True)
    assert facts["findings"] == [] and facts["limits"] == list(LIMITS)
    assert graph.read("MATCH ()-[h:HAS_WORD]->() RETURN count(h) AS n")[0]["n"]


def test_edits_by_hand_of_names_are_found_and_mended_by_a_pass(
    graph: Graph, tmp_path: Path, rng: np.random.Generator
) -> None:
    put_in(graph, random_names(tmp_path, 5), "names")
    links = links_of(graph)
    edits = [
        choice
        for choice in Editor(graph, rng).every()
        if choice.subject == "HAS_WORD"
    ]  # fmt: skip
    assert len(edits) == 5
    for choice in edits:
        edit = choice.choose()
        edit.do()
        findings = audit(graph, silent, full=True)["findings"]
        assert [one for one in findings if all(name in one for name in edit.named)], edit.what
        if edit.what != "HAS_WORD: an edge added":
            rate(graph, silent, everything=True)
            assert links_of(graph) == links, edit.what
        else:
            graph.write("MATCH (a)-[h:HAS_WORD]->() WHERE NOT a:Phrase DELETE h")
            rate(graph, silent, everything=True)
    label = next(text for kind, text, *_ in sorted(links) if kind == TOKEN)
    for edit_text, told in (
        ("MATCH (c:Token {text: $label}) REMOVE c:Phrase", "is not labelled Phrase"),
        ("MATCH (c:Token) WHERE NOT c.text CONTAINS ' ' SET c:Phrase", "is labelled Phrase"),
        ("MATCH (c:Token {text: $label}) SET c.words = ['dog']", f"expected {LABELS[label]}"[:-1]),
    ):
        graph.write(edit_text, label=label)
        assert any(told in one for one in audit(graph, silent, full=True)["findings"]), edit_text
