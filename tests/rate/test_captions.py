"""Pictures have captions that follow from their places and labels, whatever happened before."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import hartonomous
from hartonomous.ask.relations import contradictions
from hartonomous.audit.audit_report import audit
from hartonomous.cli import main
from hartonomous.cli.residuals import print_residual
from hartonomous.delete.selectors import Selectors
from hartonomous.graph.driver import Graph
from tests.building import exported, put_in, silent, take_out, wipe
from tests.canaries import wipe_out
from tests.command_line import run
from tests.drawn_pictures import drawn
from tests.histories import take_back
from tests.made_pictures import DIGESTS, pictures, two
from tests.seen_pictures import look, stored

DEPICTION = "DEPICTION_EVIDENCE"


def captions(graph: Graph) -> list[str | None]:
    rows = graph.read("MATCH (c:Image) RETURN c.text AS text, c.name AS caption")
    told = {row["text"]: row["caption"] for row in rows}
    findings = audit(graph, silent, full=True)["findings"]
    # A graph that the test emptied has another log than the one before.
    assert [one for one in findings if "Heads of another log" not in one] == []
    return [told.get(digest) for digest in DIGESTS]


ALONE = ["yard.jpg: dog, fence, tree", "tom.png: cat", "sea"]
BOTH = ["copy.jpg: dog, sky, fence", "tom.png: cat", "sea"]


def test_a_caption_is_the_first_file_and_the_strongest_labels(graph: Graph, tmp_path: Path) -> None:
    one, other = two(tmp_path)
    put_in(graph, one, "one")
    assert captions(graph) == ALONE
    put_in(graph, other, "two")
    assert captions(graph) == BOTH
    assert not any("yard.jpg: dog" in line for line in exported(graph))
    wipe(graph)
    put_in(graph, other, "two")
    put_in(graph, one, "one")
    assert captions(graph) == BOTH
    deletion = take_out(graph, Selectors(sources=("two",)))
    assert captions(graph) == ALONE
    take_back(graph, deletion)
    assert captions(graph) == BOTH
    put_in(graph, pictures(tmp_path, "three", {0: {"moon": 1}}, {}), "two", replace=True)
    assert captions(graph) == ["yard.jpg: dog, fence, tree", "tom.png: cat", "sea"]


def test_a_caption_goes_with_what_it_says(graph: Graph, tmp_path: Path) -> None:
    one, other = two(tmp_path)
    put_in(graph, one, "one")
    put_in(graph, other, "two")
    deletion = take_out(graph, Selectors(concepts=("dog",)))
    assert captions(graph) == ["copy.jpg: sky, fence, tree", "tom.png: cat", "sea"]
    take_back(graph, deletion)
    assert captions(graph) == BOTH
    wipe_out(graph, Selectors(concepts=("fence",)))
    wipe_out(graph, Selectors(sources=("two",)))
    assert captions(graph) == ["yard.jpg: dog, tree, sky", "tom.png: cat", "sea"]
    wipe_out(graph, Selectors(concepts=("cat",)))
    assert captions(graph) == ["yard.jpg: dog, tree, sky", None, "sea"]


def test_captions_edited_by_hand_are_found(graph: Graph, tmp_path: Path) -> None:
    put_in(graph, two(tmp_path)[0], "one")

    def findings() -> list[str]:
        found = audit(graph, silent, full=True)["findings"]
        assert isinstance(found, list)
        return found

    graph.write("MATCH (c:Image {name: 'tom.png: cat'}) SET c.name = 'tom.png: dog'")
    graph.write("MATCH (c:Image {name: 'sea'}) REMOVE c.name")
    graph.write("MATCH (c:Token {text: 'dog'}) SET c.name = 'x'")
    assert sorted(findings()) == sorted(
        [
            f"Composition {DIGESTS[1]!r}: name is 'tom.png: dog', expected 'tom.png: cat'.",
            f"Composition {DIGESTS[2]!r}: name is None, expected 'sea'.",
            "Composition 'dog': name is 'x', expected 'dog'.",
        ]
    )


def test_tables_show_captions_and_json_the_text(served: Graph, tmp_path: Path) -> None:
    put_in(served, two(tmp_path)[0], "one")
    run = CliRunner()
    table = run.invoke(main, ["places", "dog"]).output
    assert "yard.jpg: dog, fence, tree" in table and DIGESTS[0] not in table
    assert DIGESTS[0] in run.invoke(main, ["places", "dog", "--json"]).output


def test_a_region_is_its_label_in_its_file_and_features_name_no_picture(
    graph: Graph, tmp_path: Path
) -> None:
    shown = {"ball.png": drawn("round", "red"), "bare.png": drawn("square", "blue")}
    found = {"ball.png": [("ball", 0.5, (16, 16, 48, 48)), ("toy", 0.4, (1, 1, 60, 60))]}
    look(graph, stored(tmp_path / "in" / "x", shown).parent, {f"x/{n}": f for n, f in found.items()},
         "one", tmp_path / "cache")  # fmt: skip
    rows = graph.read("MATCH (c) WHERE c:Image OR c:Region RETURN c.kind AS kind, c.name AS name")
    assert sorted((row["kind"], row["name"]) for row in rows) == [
        ("Image", "ball.png: ball, toy"),
        ("Image", "bare.png"),
        ("Region", "ball in ball.png"),
        ("Region", "toy in ball.png"),
    ]
    assert graph.read("MATCH (f:Feature {text: 'colour red'}) RETURN f.name AS name") == [
        {"name": "colour red"}
    ]
    assert audit(graph, silent, full=True)["findings"] == []


# ---------------------------------------------------------------- wherever pictures are shown

YARD, PARK = "yard.jpg: dog, fence", "park.jpg: tree, dog"


@pytest.fixture
def yard(served: Graph, tmp_path: Path) -> Graph:
    """A graph of two pictures of a dog."""
    shown = {0: {"dog": 2, "fence": 1}, 1: {"dog": 1, "tree": 2}}
    held = {0: ["in/yard.jpg"], 1: ["in/park.jpg"]}
    put_in(served, pictures(tmp_path, "pictures", shown, held), "pictures")
    return served


def told(*arguments: object) -> str:
    """Return what a command prints for people: captions, and no digest."""
    done = run(*arguments)
    assert done.exit_code == 0, done.output
    assert not any(digest in done.stdout for digest in DIGESTS)
    return done.stdout


def parsed(*arguments: object) -> Any:
    return json.loads(run(*arguments, "--json").stdout)


def test_pictures_observed_in_pieces_have_places_and_captions(yard: Graph) -> None:
    assert captions(yard) == [YARD, PARK, None]
    assert [row["place"] for row in parsed("places", DIGESTS[0])] == ["in/yard.jpg"]


def test_paths_show_captions(yard: Graph) -> None:
    view = ("--types", "DEPICTS", "--above", "0")
    own = {DIGESTS[0]: YARD}
    shown = told("path", DIGESTS[0], "fence", *view)
    assert shown.startswith(f"{YARD} → fence ") and shown.count(YARD) == 2
    (found,) = parsed("path", DIGESTS[0], "fence", *view)
    assert found["words"] == [DIGESTS[0], "fence"] and found["captions"] == own
    shown = told("bridge", DIGESTS[0], "fence", "dog", *view)
    assert shown.startswith(f"{YARD}, fence, dog are connected by no other word")
    found = parsed("bridge", DIGESTS[0], "fence", "dog", *view)
    assert found["words"][0] == DIGESTS[0] and found["captions"] == own
    assert f"{YARD} → dog" in told("traverse", DIGESTS[0], *view)
    found = parsed("traverse", DIGESTS[0], *view)["found"]
    assert {one["word"] for one in found} == {"dog", "fence"}
    assert all(one["led_by"] == [DIGESTS[0]] and one["captions"] == own for one in found)
    assert f"{YARD} → fence" in told("reach", DIGESTS[0], *view)


def test_an_explanation_shows_captions(yard: Graph) -> None:
    yard.write(
        "MATCH (a:Image {text: $a}), (b:Token {text: 'dog'}) CREATE (a)-[:RELATES {elo: 1600.0, "
        "consensus: 1500, decades: 0, n: 1, weight: 1, sources: 1, seen: []}]->(b)",
        a=DIGESTS[0],
    )
    assert told("explain", DIGESTS[0], "dog").startswith(f"{YARD} - dog\n")
    assert parsed("explain", DIGESTS[0], "dog")["relation"]["start"] == DIGESTS[0]


def test_contradictions_show_captions(yard: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    odds = {"spread": 9, "consensus": 1500, "most_odds": 5, "least_odds": -4}
    odds |= {"most_similarity": 0.5, "least_overlap": 0.0}
    row = {"start": DIGESTS[0], "end": "dog", "most": "a", "least": "b", **odds}
    monkeypatch.setattr(contradictions, "contradictions", lambda *given: [row])
    assert YARD in told("contradictions")
    assert parsed("contradictions") == [{**row, "captions": {DIGESTS[0]: YARD}}]


def test_a_plan_shows_the_captions_of_what_it_takes(yard: Graph, tmp_path: Path) -> None:
    concept = ("delete", "concept", "fence", "--depicting", "--plan")
    assert f"fence (concept), {YARD} (depicts it)" in told(*concept)
    summary = parsed(*concept)
    assert [one["text"] for one in summary["compositions"]] == ["fence", DIGESTS[0]]
    assert YARD not in json.dumps(summary, ensure_ascii=False)


def test_findings_name_pictures_by_text_and_caption(yard: Graph) -> None:
    yard.write("MATCH (:Image {text: $a})-[r:DEPICTS]->() SET r.elo = r.elo + 1", a=DIGESTS[0])
    findings = audit(yard, silent, full=True)["findings"]
    assert any(f"DEPICTS {DIGESTS[0]!r} ({YARD}) → 'dog'" in one for one in findings)


def test_a_residual_shows_captions(yard: Graph, capsys: pytest.CaptureFixture[str]) -> None:
    picture, other = DIGESTS[:2]
    found = {
        "variants": [],
        "supported": {},
        "paths": [
            {
                "way": ["dog", picture, "fence"],
                "types": ["DEPICTS"],
                "sources": ["a"],
                "weakest": None,
            }
        ],
        "neighbours": {picture: {"before": ["dog", other], "after": ["dog"]}},
        "continuations": {"dog": {"before": "house", "after": None}},
    }
    print_residual(yard, found)
    shown = capsys.readouterr().out
    assert f"dog - {YARD} - fence" in shown and f"dog, {PARK}" in shown
    assert shown.count(YARD) == 2 and "house" in shown
    assert picture not in shown and other not in shown


def test_json_has_captions_beside_the_texts(yard: Graph) -> None:
    own = {DIGESTS[0]: YARD}
    (row,) = parsed("neighbours", "fence", "--types", "DEPICTS")
    assert row["neighbour"] == DIGESTS[0] and row["captions"] == own
    found = parsed("places", "dog")
    assert {row["text"] for row in found} == set(DIGESTS[:2])
    assert [row["captions"] for row in found if row["text"] == DIGESTS[0]] == [own]


def test_strongest_pairs_and_differences_show_captions(yard: Graph, tmp_path: Path) -> None:
    view = ("--types", "DEPICTS", "--above", "0")
    assert YARD in told("hubs", *view)
    assert any(one.get("captions") for one in parsed("hubs", *view))
    put_in(yard, pictures(tmp_path, "more", {0: {"dog": 90}, 1: {"tree": 1}}, {}), "more")
    done = run("diff", "pictures", "more")
    assert YARD in done.stdout and DIGESTS[0] not in done.stdout
    pairs = parsed("diff", "pictures", "more")["pairs"]
    assert {DIGESTS[0]: YARD} in [one.get("captions") for one in pairs]


def test_rows_of_the_api_print_captions(yard: Graph) -> None:
    with hartonomous.open() as graph:
        rows = graph.neighbours("fence", types="DEPICTS")
        assert rows[0].neighbour == DIGESTS[0] and rows.captions == {DIGESTS[0]: YARD}
        assert YARD in repr(rows) and DIGESTS[0] not in repr(rows)
        paths = graph.path(DIGESTS[0], "fence", types="DEPICTS", above=0)
        assert YARD in repr(paths) and DIGESTS[0] not in repr(paths)
        assert paths[0].words == (DIGESTS[0], "fence")


def test_a_residual_shows_captions_of_pictures_that_are_gone(yard: Graph) -> None:
    done = run("delete", "concept", "fence", "--depicting", "--yes")
    assert done.exit_code == 0 and YARD in done.stdout and DIGESTS[0] not in done.stdout
