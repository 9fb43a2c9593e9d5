"""Pictures of a text and texts of a picture, by a trained model and by detectors, and nothing at all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hartonomous
from hartonomous.api.knowledge_graph import KnowledgeGraph
from hartonomous.ask.pictures.cross_modal_answers import image_to_text, text_to_images
from hartonomous.bundle import Bundle
from hartonomous.delete.selectors import Selectors
from hartonomous.errors import NotFound
from hartonomous.graph.driver import Graph
from hartonomous.pictures.picture_files import picture_key, read_picture
from tests.building import exported, put_in, take_out, wipe
from tests.called_rows import as_called, called
from tests.command_line import run
from tests.drawn_shapes import EVERYTHING, SIDE, draw
from tests.made_pictures import pictures
from tests.towered_graph import ShownShapes, show_shapes, towers_bundle

MOST_TIED = 5


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> ShownShapes:
    return show_shapes(tmp_path_factory.mktemp("shapes"), 11)


@pytest.fixture(scope="module")
def towers(tmp_path_factory: pytest.TempPathFactory, shown: ShownShapes) -> Bundle:
    return towers_bundle(tmp_path_factory.mktemp("towers") / "bundle", shown)


def test_texts_find_their_pictures_and_pictures_their_texts(
    graph: Graph, shown: ShownShapes, towers: Bundle
) -> None:
    put_in(graph, towers, "clip")
    captions = dict(zip(shown.names, (thing.caption for thing in shown.things), strict=True))
    present = sorted(set(captions.values()))
    found = {text: text_to_images(graph, text, 5) for text in present}
    right = [
        any(captions[row["place"]] == text for row in told.images) for text, told in found.items()
    ]
    assert np.mean(right) >= 0.95
    assert np.mean([told.reason is not None for told in found.values()]) <= 0.05
    told_absent = [text_to_images(graph, text).reason is not None for text in shown.absent()]
    assert len(told_absent) == 50
    assert np.mean(told_absent) >= 0.9
    texts = [image_to_text(graph, name, 5).texts for name in shown.names[:100]]
    hit = [
        captions[name] in [row["text"] for row in rows]
        for name, rows in zip(shown.names, texts, strict=False)
    ]
    assert np.mean(hit) >= 0.98
    for told in found.values():
        odds = [row["odds"] for row in told.images]
        assert odds == sorted(odds, reverse=True)
        assert all(one > 0 for one in odds)
        assert {row["source"] for row in told.images} <= {"clip"}


def test_that_nothing_matches_is_told_with_its_reason(
    graph: Graph, shown: ShownShapes, towers: Bundle, tmp_path: Path
) -> None:
    assert_reason = "The graph has no pictures"
    with pytest.raises(NotFound):
        text_to_images(graph, "a small red star")
    put_in(graph, towers, "clip")
    absent = [text for text in shown.absent() if text_to_images(graph, text).reason]
    told = text_to_images(graph, absent[0])
    assert told.images == ()
    assert told.reason is not None
    assert "Nothing here matches" in told.reason and "clip (360 pictures)" in told.reason
    # Its nearest picture is kept, at even odds: what was compared is told from what was not.
    rows = graph.read(
        "MATCH (c:Composition {text: $text})-[e:CROSSMODAL_EVIDENCE]-(:Image) RETURN e.support AS s",
        text=absent[0],
    )
    assert rows and {row["s"] for row in rows} == {0}
    with pytest.raises(NotFound, match="No source knows 'zeppelin'"):
        text_to_images(graph, "zeppelin")
    wipe(graph)
    labels = pictures(tmp_path, "one", {0: {"dog": 3}}, {0: ["dog.jpg"]})
    put_in(graph, labels, "one")
    assert assert_reason not in str(text_to_images(graph, "dog").reason)


def test_detectors_count_too_and_each_answer_names_its_sources(
    graph: Graph, tmp_path: Path
) -> None:
    one = pictures(
        tmp_path, "one", {0: {"dog": 9, "fence": 4}, 1: {"cat": 5}}, {0: ["a.jpg"], 1: ["b.jpg"]}
    )
    other = pictures(tmp_path, "two", {0: {"dog": 4}, 2: {"sky": 3}}, {0: ["c.jpg"], 2: ["d.jpg"]})
    put_in(graph, one, "one")
    before = exported(graph)
    alone = text_to_images(graph, "dog")
    put_in(graph, other, "two")
    told = text_to_images(graph, "dog")
    assert [(row["place"], row["source"]) for row in told.images] == [("a.jpg", "one, two")]
    assert [row["text"] for row in image_to_text(graph, "b.jpg").texts] == ["cat"]
    take_out(graph, Selectors(sources=("two",)))
    assert text_to_images(graph, "dog") == alone
    assert [line for line in exported(graph) if "one" in line] == [
        line for line in before if "one" in line
    ]


def test_what_no_source_has_is_composed_of_its_words(graph: Graph, tmp_path: Path) -> None:
    shown = {0: {"red": 30, "car": 30}, 1: {"red": 30, "house": 30}, 2: {"blue": 30, "car": 30}}
    bundle = pictures(tmp_path, "one", shown, {n: [f"{n}.jpg"] for n in shown})
    put_in(graph, bundle, "one")
    # As co-occurrence of labels relates them, which makes them words that compose others.
    graph.write(
        "MATCH (a:Token), (b:Token) WHERE a.text < b.text "
        "CREATE (a)-[:RELATES {decades: 0, consensus: 1500, elo: 1500.0, n: 1, weight: 0, sources: 1, seen: [1], cost: 1}]->(b)"
    )
    told = text_to_images(graph, "red car")
    assert told.composed == ()
    assert [(row["place"], sorted(row["through"])) for row in told.images] == [
        ("0.jpg", ["car", "red"])
    ]
    # Of three words no picture has all: those with most of them.
    told = text_to_images(graph, "red car house")
    assert told.composed == ("red", "car", "house")
    assert {row["place"] for row in told.images} == {"0.jpg", "1.jpg"}
    assert all(len(row["through"]) == 2 for row in told.images)
    assert text_to_images(graph, "red").composed == ()


def test_procedures_and_commands_answer_as_the_functions(
    served: Graph, shown: ShownShapes, towers: Bundle
) -> None:
    put_in(served, towers, "clip")
    text, name = shown.things[0].caption, shown.names[0]
    images = text_to_images(served, text, 4)
    call = "text_to_images($text, 4)"
    assert called(served, "ask/text_to_images", call, text=text) == as_called(images.images)
    key = picture_key(read_picture(shown.images / name))
    texts = image_to_text(served, name, 4)
    assert texts.picture == key
    for asked in (name, key):
        rows = called(served, "ask/image_to_text", "image_to_text($picture, 4)", picture=asked)
        assert rows == as_called(texts.texts)
    for asked in (str(shown.images / name), key):
        assert image_to_text(served, asked, 4) == texts
    printed = run("text-to-images", text, "--top", "4", "--json")
    assert _plain(json.loads(printed.stdout)["images"]) == _plain(images.images)
    assert shown.names[0] in run("text-to-images", text, "--top", "100").stdout
    assert text in run("image-to-text", name).stdout
    absent = next(one for one in shown.absent() if text_to_images(served, one).reason)
    assert "Nothing here matches" in run("text-to-images", absent).stdout
    with hartonomous.open() as opened:
        assert isinstance(opened, KnowledgeGraph)
        assert opened.text_to_images(text, 4) == images
        assert opened.image_to_text(name, 4) == texts


def test_a_picture_that_no_source_saw_is_told_by_its_like(
    graph: Graph, shown: ShownShapes, towers: Bundle, tmp_path: Path
) -> None:
    from PIL import Image

    Image.new("RGB", (2 * SIDE, SIDE), "hotpink").save(tmp_path / "pink.png")
    assert "The graph has no pictures" in str(
        image_to_text(graph, str(tmp_path / "pink.png")).reason
    )
    put_in(graph, towers, "clip")
    rng = np.random.default_rng(99)
    thing = shown.things[0]
    Image.fromarray(draw(thing, rng)).save(tmp_path / "new.png")
    told = image_to_text(graph, str(tmp_path / "new.png"), 30)
    assert told.by == "likeness"
    assert any(thing.colour in row["text"] for row in told.texts[:5])
    assert {row["source"] for row in told.texts} == {"clip"}
    with pytest.raises(NotFound, match="there is no such file"):
        image_to_text(graph, "nothing.png")


def test_texts_that_contain_the_words_find_pictures(
    graph: Graph, shown: ShownShapes, towers: Bundle
) -> None:
    put_in(graph, towers, "clip")
    captions = dict(zip(shown.names, (thing.caption for thing in shown.things), strict=True))
    for asked in ("blue star", "star", "ring red"):
        told = text_to_images(graph, asked, 4)
        words = set(asked.split())
        assert told.images
        right = [words <= set(captions[row["place"]].split()) for row in told.images]
        assert np.mean(right) >= 0.75
        assert all(words <= set(text.split()) for row in told.images for text in row["through"])
    with pytest.raises(NotFound):
        text_to_images(graph, "tar")


def _plain(rows: Any) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in rows]


def test_the_world_has_enough_in_it() -> None:
    assert len(EVERYTHING) == 128
