"""Where sources have a text: asked by procedure, command and method, and cited by answers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

import hartonomous
from hartonomous.ask.relations.question_answers import ask
from hartonomous.ask.relations.source_statistics import source
from hartonomous.ask.relations.text_places import places
from hartonomous.bundle import Bundle
from hartonomous.cli import main
from hartonomous.errors import NotFound
from hartonomous.extract.extraction import ExtractOptions, extract, open_model
from hartonomous.extract.importer_protocol import OpenOptions
from hartonomous.graph.driver import Graph
from tests.building import exported, put_in, silent
from tests.called_rows import called
from tests.document_files import write_pdf
from tests.tiny_transformers import tiny_encoder

ANSWER = "You pay the harbour fee by card at the counter."
FEE = "How do I pay the harbour fee?"


def documents(folder: Path, name: str) -> Bundle:
    """Return the bundle of a folder with a paged file and a text."""
    (folder / "b").mkdir(parents=True)
    inner = [["The harbour opens at nine."], [f"{FEE} {ANSWER}"], ["It closes at five."]] * 4
    words = "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth"
    named = zip(words.split(), inner, strict=True)
    # Lines at the edge of pages that repeat would be running heads.
    write_pdf(
        folder / "rules.pdf", [[f"Here the {n} begins.", *p, f"So the {n} ends."] for n, p in named]
    )
    (folder / "b" / "faq.txt").write_text(f"{FEE} {ANSWER} Dogs are welcome in {name}.")
    encoder = tiny_encoder(folder / "encoder")
    model = open_model(str(folder), OpenOptions(encoder=encoder, exclude=("encoder",)))
    return extract(model, ExtractOptions(), folder.with_name(f"{name}.bundle"), silent)


@pytest.fixture
def placed(graph: Graph, tmp_path: Path) -> Graph:
    put_in(graph, documents(tmp_path / "one", "one"), "one")
    return graph


PLACES = ["b/faq.txt", *(f"rules.pdf#page={page}" for page in (2, 5, 8, 11))]


def test_an_answer_cites_file_and_page(placed: Graph, tmp_path: Path) -> None:
    (row, *_) = ask(placed, "pay the fee how?")
    assert (row["answer"], row["places"]) == (ANSWER, PLACES)
    (called, *_) = placed.read(
        "CALL custom.hartonomous.ask('pay the fee how?') YIELD answer, places RETURN answer, places"
    )
    assert called == {"answer": ANSWER, "places": PLACES}
    put_in(placed, documents(tmp_path / "two", "two"), "two")
    (row, *_) = ask(placed, "pay the fee how?")
    assert row["places"] == PLACES
    # What is not live yet, or not any more, is not cited.
    placed.write("MATCH (s:Source {name: 'one'}) SET s.state = 'loading'")
    assert {row["source"] for row in places(placed, ANSWER)} == {"two"}
    placed.write("MATCH (s:Source) SET s.state = 'deleting'")
    assert ask(placed, "pay the fee how?")[0]["places"] == []


def test_commands_show_places(served: Graph, tmp_path: Path) -> None:
    put_in(served, documents(tmp_path / "one", "one"), "one")
    run = CliRunner()
    shown = run.invoke(main, ["ask", "pay the fee how?", "--top", "1", "--quiet"])
    assert shown.exit_code == 0, shown.output
    lines = shown.output.splitlines()
    assert lines[-4:] == [
        "   stands in: b/faq.txt",
        "   stands in: rules.pdf#page=2",
        "   stands in: rules.pdf#page=5",
        "   and in 2 more places",
    ]
    assert max(map(len, lines)) <= 80
    told = json.loads(run.invoke(main, ["ask", "pay the fee how?", "--json", "--quiet"]).output)
    assert told["answers"][0]["places"] == PLACES
    listed = json.loads(run.invoke(main, ["places", ANSWER, "--json"]).output)
    assert [row["place"] for row in listed] == PLACES
    table = run.invoke(main, ["places", "dogs"]).output.splitlines()
    assert table[0].split() == ["source", "place", "text"]
    assert table[1].split() == ["one", "b/faq.txt", "Dogs", "are", "welcome", "in", "one."]
    assert run.invoke(main, ["places", "nowhere"]).exit_code == 3
    assert run.invoke(main, ["places", "dogs", "--source", "two"]).exit_code == 3
    facts = json.loads(run.invoke(main, ["source", "one", "--json"]).output)
    assert facts["places"] == served.read("MATCH ()-[h:HOLDS]->() RETURN count(h) AS n")[0]["n"]
    with hartonomous.open() as knowledge:
        assert [row.place for row in knowledge.places(ANSWER)] == PLACES
        assert knowledge.source("one").places == facts["places"]
        assert knowledge.ask("pay the fee how?")[0].places == PLACES


def test_a_word_is_where_its_sentences_are(placed: Graph, tmp_path: Path) -> None:
    put_in(placed, documents(tmp_path / "two", "two"), "two")
    found = places(placed, "welcome")
    assert sorted((row["source"], row["place"], row["text"]) for row in found) == [
        ("one", "b/faq.txt", "Dogs are welcome in one."),
        ("two", "b/faq.txt", "Dogs are welcome in two."),
    ]
    assert {row["source"] for row in places(placed, "welcome", source="two")} == {"two"}
    assert len(places(placed, "harbour", top=3)) == 3
    shown = called(placed, "ask/places", "places('welcome')")
    assert shown == found
    with pytest.raises(NotFound, match="knows 'unheard'"):
        places(placed, "unheard")
    with pytest.raises(NotFound, match="source is called 'nobody'"):
        places(placed, "welcome", source="nobody")


def test_a_source_without_places_has_none(placed: Graph) -> None:
    assert source(placed, "one")["places"] > 0
    lines = [line for line in exported(placed) if '"record":"place"' in line]
    assert len(lines) == source(placed, "one")["places"]
