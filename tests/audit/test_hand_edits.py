"""Whatever is edited by hand in a graph, the full audit finds and names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from hartonomous import schema
from hartonomous.ask.layout.placement import place
from hartonomous.audit.audit_report import LIMITS, audit
from hartonomous.delete.deletion import delete
from hartonomous.delete.selectors import Selectors
from hartonomous.delete.undo import undo
from hartonomous.erase.erasure import ErasureOptions, erase
from hartonomous.graph.driver import Graph
from hartonomous.graph.writer_lock import WriterLock
from hartonomous.operations.ingestion import rate
from hartonomous.transparency import keys
from hartonomous.transparency.inventory_record import notes_inventory
from hartonomous.transparency.transparency_log import adopt
from tests.building import causal_bundle, put_in, random_bundle, silent, with_counted, with_places
from tests.hand_edits import Choice, Edit, Editor

AT_ONCE = 16
"""Edits of different kinds of things that are made before one audit looks for all of them."""

TOLD = {"Source", "Track", "Deletion", "Suppression", "Migration"}
TOLD |= {rated.name for rated in schema.rated_types()}
"""Of what it is told, too, what it should be; of some things only a digest is kept."""


def fill(graph: Graph, folder: Path) -> None:
    """Fill an empty graph with something of every label and type that acts leave behind."""
    read = causal_bundle(folder, 1, words=7, length=60, more=["##ing"])
    put_in(graph, with_places(read, 1), "causal")
    one = random_bundle(folder, 2, size=40)
    put_in(graph, with_places(with_counted(one, folder / "counted", 2), 2), "one")
    for seed, name in ((3, "two"), (4, "three"), (5, "gone")):
        put_in(graph, random_bundle(folder, seed, size=30), name)
    with WriterLock(graph, "test") as lock:
        made = delete(graph, lock, Selectors(concepts=("been",)), silent)
        delete(graph, lock, Selectors(sources=("three",)), silent)
        undo(graph, lock, made.id, silent)
        erase(graph, lock, Selectors(sources=("gone",)), ErasureOptions(folder / "none", silent))
    place(graph, 6, silent)


def found(graph: Graph) -> list[str]:
    findings = audit(graph, silent, full=True)["findings"]
    assert isinstance(findings, list)
    return findings


def groups(choices: Iterator[Choice]) -> Iterator[list[tuple[Edit, Callable[[], object]]]]:
    """Yield edits that were made, with the way back: several of different things at once, those that
    others hang on by themselves."""
    made: list[tuple[Edit, Callable[[], object]]] = []
    for choice in choices:
        again = choice.subject in {edit.subject for edit, _ in made}
        if made and (choice.alone or again or len(made) == AT_ONCE):
            yield made
            made = []
        edit = choice.choose()
        made.append((edit, edit.do()))
        if choice.alone:
            yield made
            made = []
    if made:
        yield made


@pytest.fixture
def filled(graph: Graph, tmp_path: Path) -> Graph:
    fill(graph, tmp_path)
    facts = audit(graph, silent, full=True)
    assert facts["findings"] == [] and facts["noted"]
    assert facts["limits"] == list(LIMITS)
    return graph


def test_every_edit_by_hand_is_found_and_named(filled: Graph, rng: np.random.Generator) -> None:
    """Every property changed and removed, every kind of node and edge deleted, doubled and added."""
    count, missed = 0, []
    for made in groups(Editor(filled, rng).every()):
        findings = found(filled)
        for edit, _ in made:
            count += 1
            hits = [one for one in findings if all(name in one for name in edit.named)]
            # What cannot be told from a digest alone is told by what it should be.
            told = edit.meant is None or any(edit.meant in one for one in findings)
            if not hits or not (told or edit.subject not in TOLD):
                missed.append((edit.what, edit.named, edit.meant, findings[:5]))
        for _, back in reversed(made):
            back()
    assert missed == []
    assert count > 250
    assert found(filled) == []


def test_an_act_does_not_vouch_for_what_was_edited_before_it(filled: Graph, tmp_path: Path) -> None:
    filled.write("MATCH (s:Source {name: 'one'}) SET s.licence = 'MIT'")
    filled.write("CREATE (:Suppression {id: 'made up', kind: 'source', name: 'source made up'})")
    rate(filled, silent, everything=True)
    put_in(filled, random_bundle(tmp_path, 6, size=30), "six")
    told = found(filled)
    assert len(told) == 2
    assert "Source 'one': licence is 'MIT', expected none." in told
    assert "Suppression 'made up': not recorded by any act." in told
    with WriterLock(filled, "test") as lock:
        adopt(filled, lock)
    assert found(filled) == []


def test_an_act_of_ours_that_fails_has_ended_and_one_that_is_cut_short_has_not(
    filled: Graph,
) -> None:
    @notes_inventory
    def act(graph: Graph, error: BaseException) -> None:
        graph.write("MATCH (s:Source {name: 'one'}) SET s.family = coalesce(s.family, '') + 'x'")
        raise error

    from hartonomous.errors import Conflict

    with pytest.raises(Conflict):
        act(filled, Conflict("meant"))
    assert found(filled) == []
    with pytest.raises(ZeroDivisionError):
        act(filled, ZeroDivisionError())
    assert len(found(filled)) == 1


def test_a_note_that_was_changed_or_taken_away_is_told(filled: Graph) -> None:
    (file,) = (keys.directory() / "inventories").iterdir()
    text = file.read_text()
    file.write_text(text.replace('"epoch":', '"epoch":1', 1))
    assert any("is not reliable" in one for one in found(filled))
    file.unlink()
    facts = audit(filled, silent, full=True)
    assert [one for one in facts["findings"] if "no inventory was recorded here" in one]
    assert not facts["noted"] and not facts["broken"]
    file.write_text(text)
    assert found(filled) == []
    assert "'one'" not in text and "input embedding" not in text


def test_of_acts_by_an_older_version_it_says_what_is_not_proved(
    graph: Graph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("hartonomous.transparency.transparency_log.ENTRY_VERSION", 1)
        patched.setattr("hartonomous.transparency.inventory_record._write", lambda *_: None)
        put_in(graph, causal_bundle(tmp_path, 1, words=7, length=60), "causal")
    graph.write("MATCH (s:Source) REMOVE s.visited")
    facts = audit(graph, silent, full=True)
    assert facts["findings"] == [] and not facts["noted"]
    (nothing, visits) = facts["limits"][len(LIMITS) :]
    assert "performed by an older version" in nothing and "licence" in nothing
    assert "(causal)" in visits
    # The next act takes the graph as it stands.
    put_in(graph, random_bundle(tmp_path, 2, size=30), "one")
    facts = audit(graph, silent, full=True)
    assert facts["findings"] == [] and facts["noted"]
    graph.write("MATCH (s:Source {name: 'causal'}) SET s.licence = 'MIT'")
    assert any("licence is 'MIT'" in one for one in found(graph))
