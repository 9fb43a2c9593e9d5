"""A picture that no source saw is told by words, through captioned pictures that are like it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hartonomous.graph.driver import Graph
from hartonomous.operations.ingestion import ingest_model
from hartonomous.operations.observation import request_observation
from hartonomous.operations.picture_questions import image_to_concepts
from tests.building import wipe
from tests.document_files import write_drawn
from tests.drawn_shapes import COLOURS, SHAPES, Thing, draw, write_pictures

SHOWN = [Thing(shape, colour, "large") for shape in SHAPES[:4] for colour in list(COLOURS)[:4]]


@pytest.fixture(scope="module")
def captioned(_connected: Graph, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Graph]:
    """Three pictures of each thing, captioned."""
    place = tmp_path_factory.mktemp("captioned")
    things = SHOWN * 3
    names = write_pictures(place / "shapes", things, 7)
    rows = [f"{name},{thing.caption}" for name, thing in zip(names, things, strict=True)]
    (place / "shapes" / "captions.csv").write_text("\n".join(["file,caption", *rows]) + "\n")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("HARTONOMOUS_HOME", str(place / "home"))
        wipe(_connected)
        ingest_model(_connected, request_observation(place / "shapes"), "shapes")
    yield _connected
    wipe(_connected)


def test_an_unseen_picture_finds_its_words(captioned: Graph, tmp_path: Path) -> None:
    rng, first_right, both_right = np.random.default_rng(99), [], []
    for at, thing in enumerate(SHOWN):
        file = tmp_path / f"{at}.png"
        Image.fromarray(draw(thing, rng)).save(file)
        told = image_to_concepts(captioned, str(file))
        assert told.by == "likeness"
        words = [row["concept"] for row in told.concepts if " " not in row["concept"]]
        # What all captions say tells no picture.
        assert "large" not in words
        first_right.append(words[0] in (thing.shape, thing.colour))
        both_right.append({*words[:2]} == {thing.shape, thing.colour})
    assert np.mean(first_right) >= 0.9 and np.mean(both_right) >= 0.7


def test_a_picture_that_is_like_none_is_told_nothing(captioned: Graph, tmp_path: Path) -> None:
    noise = np.random.default_rng(3).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "noise.png")
    told = image_to_concepts(captioned, str(tmp_path / "noise.png"))
    assert told.concepts == () and told.like == ()


def test_captions_that_contradict_are_both_kept_and_told(graph: Graph, tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    Image.fromarray(draw(SHOWN[0], np.random.default_rng(1))).save(folder / "a.png")
    (folder / "c.csv").write_text("file,caption\na.png,a red dog\na.png,a blue cat\n")
    ingest_model(graph, request_observation(folder), "two")
    told = image_to_concepts(graph, "a.png")
    assert {"dog", "cat", "red", "blue"} <= {row["concept"] for row in told.concepts}
    # Each caption is of one thing: what is said of the other is not said together with it.
    pairs = graph.read(
        "MATCH (a:Token)-[e:COOCCURRENCE_EVIDENCE]->(b:Token) "
        "RETURN apoc.coll.sort([a.text, b.text]) AS pair ORDER BY pair"
    )
    assert [row["pair"] for row in pairs] == [["blue", "cat"], ["dog", "red"]]


def test_one_picture_under_two_names_is_one_with_the_captions_of_both(
    graph: Graph, tmp_path: Path
) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    picture = Image.fromarray(draw(SHOWN[0], np.random.default_rng(1)))
    picture.save(folder / "a.png")
    picture.save(folder / "b.bmp")
    (folder / "c.csv").write_text("file,caption\na.png,a dog\nb.bmp,a puppy\n")
    ingest_model(graph, request_observation(folder), "two")
    (row,) = graph.read(
        "MATCH (p:Image) RETURN count(p) AS pictures, "
        "COLLECT { MATCH (:Source)-[h:HOLDS]->(p) RETURN h.place ORDER BY h.place } AS places"
    )
    assert row == {"pictures": 1, "places": ["a.png", "b.bmp"]}
    told = {row["concept"]: row["times"] for row in image_to_concepts(graph, "a.png").concepts}
    assert told["dog"] == told["puppy"] == 1


def test_a_figure_of_a_pdf_is_found_by_the_words_of_its_caption(
    graph: Graph, tmp_path: Path
) -> None:
    pixels = draw(SHOWN[0], np.random.default_rng(1))
    image = f"BI /W {pixels.shape[1]} /H {pixels.shape[0]} /CS /RGB /BPC 8 /F /AHx ID "
    page = b"q 200 0 0 200 72 500 cm " + image.encode() + pixels.tobytes().hex().encode()
    page += b"> EI Q BT /F1 10 Tf 72 486 Td (Fig. 1. A buoy in the harbour.) Tj ET"
    file = write_drawn(tmp_path / "paper.pdf", [page])
    ingest_model(graph, request_observation(file, figures=True), "paper")
    (row,) = graph.read(
        "MATCH (:Token {text: 'buoy'})<-[:DEPICTS]-(p:Image)<-[h:HOLDS]-(:Source) RETURN h.place AS place"
    )
    assert row["place"] == "paper.pdf#page=1&picture=1"
