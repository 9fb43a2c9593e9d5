"""Pictures by the words of captions and by features, and texts of pictures that no source saw."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from hartonomous.ask.pictures.cross_modal_answers import image_to_text, text_to_images
from hartonomous.errors import NotFound
from hartonomous.graph.driver import Graph
from hartonomous.operations.ingestion import ingest_model
from hartonomous.operations.observation import request_observation
from hartonomous.server.managed_server import ServerAddress
from tests.building import wipe
from tests.called_rows import as_called, called
from tests.command_line import run
from tests.drawn_pictures import drawn
from tests.seen_pictures import look, stored

COLOURS = ("red", "green", "blue")
SHAPES = ("round", "square", "triangle")
SAID = {"round": "ball", "square": "box", "triangle": "tent"}
CAPTIONED = {
    f"{colour}-{shape}-{n}.png": drawn(shape, colour, 0.35 + n / 20, side=70 + n)
    for colour in COLOURS
    for shape in SHAPES
    for n in range(4)
}
SHIPS = {f"ship-{colour}.png": drawn("round", colour, 0.5, side=99) for colour in COLOURS}


@pytest.fixture(scope="module")
def graph_of_captions(
    _connected: Graph, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Graph]:
    """A graph of captioned pictures, and of others of which a detector says what but not of which colour."""
    graph = _connected
    place = tmp_path_factory.mktemp("captioned")
    folder = stored(place / "captioned", CAPTIONED)
    captions = ["file,caption"]
    for name in CAPTIONED:
        colour, shape, n = name.removesuffix(".png").split("-")
        captions.append(f"{name},a {SAID[shape]} of {colour} wool no. {n}")
    (folder / "captions.csv").write_text("\n".join(captions) + "\n")
    ships = stored(place / "ships", SHIPS)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("HARTONOMOUS_HOME", str(place / "home"))
        wipe(graph)
        ingest_model(graph, request_observation(folder), "people")
        found = {name: [("ship", 0.9, (25.0, 25.0, 75.0, 75.0))] for name in SHIPS}
        look(graph, ships, found, "detector", place / "cache")
        yield graph
    wipe(graph)


@pytest.fixture
def reached(
    graph_of_captions: Graph, server: ServerAddress, monkeypatch: pytest.MonkeyPatch
) -> Graph:
    """The graph, found by commands."""
    monkeypatch.setenv("NEO4J_URI", server.uri)
    monkeypatch.setenv("NEO4J_PASSWORD", server.password)
    return graph_of_captions


def test_words_of_a_caption_find_its_pictures_in_any_order(graph_of_captions: Graph) -> None:
    told = text_to_images(graph_of_captions, "blue ball", 50)
    assert {row["place"] for row in told.images} == {f"blue-round-{n}.png" for n in range(4)}
    assert {row["source"] for row in told.images} == {"people"}
    assert told.reason is None
    swapped = text_to_images(graph_of_captions, "the ball, blue!", 50)
    assert {row["place"] for row in swapped.images} == {row["place"] for row in told.images}
    odds = [row["odds"] for row in told.images]
    assert odds == sorted(odds, reverse=True)
    assert all(one > 0 for one in odds)


def test_a_word_may_be_told_by_a_feature_of_the_picture(graph_of_captions: Graph) -> None:
    told = text_to_images(graph_of_captions, "blue ship")
    assert [row["place"] for row in told.images] == ["ship-blue.png"]
    (row,) = told.images
    assert set(row["through"]) == {"ship", "colour blue"}
    assert row["source"] == "detector, people"
    # Of no picture is the first word said, nor of anything but features of ships the second.
    assert all("ship" in row["place"] for row in text_to_images(graph_of_captions, "ship").images)


def test_words_are_whole_and_all_of_them_count(graph_of_captions: Graph) -> None:
    assert text_to_images(graph_of_captions, "wool no").images
    with pytest.raises(NotFound):
        text_to_images(graph_of_captions, "woo")
    with pytest.raises(NotFound):
        text_to_images(graph_of_captions, "blue zeppelin")
    for odd in ("...", "(", ".*", "blue.*", "wool\\"):
        try:
            text_to_images(graph_of_captions, odd)
        except NotFound:
            continue


def test_a_procedure_answers_as_the_function(reached: Graph) -> None:
    for text in ("blue ball", "blue ship", "tent"):
        images = text_to_images(reached, text, 5).images
        rows = called(reached, "ask/text_to_images", "text_to_images($text, 5)", text=text)
        assert rows == as_called(images)
        assert images
    assert "colour blue" in run("text-to-images", "blue ship").stdout


def test_a_picture_that_no_source_saw_is_told_by_its_like(reached: Graph, tmp_path: Path) -> None:
    Image.fromarray(drawn("triangle", "green", 0.43, side=85)).save(tmp_path / "new.png")
    told = image_to_text(reached, str(tmp_path / "new.png"), 8)
    assert told.by == "likeness"
    assert told.reason is None
    assert {"green", "tent"} <= {row["text"] for row in told.texts}
    assert not {"red", "blue", "ball", "box"} & {row["text"] for row in told.texts}
    assert all(row["source"] == "people" and row["odds"] > 0 for row in told.texts)
    assert all(row["alike"] >= 0.5 and row["shared"] for row in told.like)
    printed = run("image-to-text", tmp_path / "new.png")
    assert "like it" in printed.stderr
    assert "tent" in printed.stdout
    answer = json.loads(run("image-to-text", tmp_path / "new.png", "--json").stdout)
    assert answer["by"] == "likeness"
    known = image_to_text(reached, "blue-round-0.png")
    assert (known.by, known.like) == ("sources", ())


def test_where_nothing_is_like_a_picture_nothing_matches(reached: Graph, tmp_path: Path) -> None:
    Image.new("RGB", (80, 20), (240, 130, 190)).save(tmp_path / "pink.png")
    told = image_to_text(reached, str(tmp_path / "pink.png"))
    assert (told.texts, told.by) == ((), "likeness")
    assert "Nothing here matches" in str(told.reason)
    assert "Nothing here matches" in run("image-to-text", tmp_path / "pink.png").stdout
