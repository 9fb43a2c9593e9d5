"""What a picture shows: by the sources that saw it, by a detector, by pictures that are like it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from PIL import Image

from hartonomous.ask.pictures.image_concepts import ImageConcepts
from hartonomous.delete.selectors import Selectors
from hartonomous.errors import BadInput, NotFound, UsageError
from hartonomous.graph.driver import Graph
from hartonomous.operations import picture_questions
from hartonomous.operations.picture_questions import image_to_concepts
from hartonomous.pictures.detections import Detections
from hartonomous.pictures.picture_files import Pixels, picture_key
from hartonomous.server.managed_server import ServerAddress
from tests.building import take_out, wipe
from tests.command_line import run
from tests.drawn_pictures import drawn
from tests.histories import take_back
from tests.seen_pictures import Found, detections, look, stored

BALLS = {
    f"balls/{n}.png": drawn("round", "red", 0.3 + n / 25, side=64 + n, at=(0.4 + n / 50, 0.5))
    for n in range(8)
}
BOXES = {
    f"boxes/{n}.png": drawn("square", "blue", 0.3 + n / 25, "grey", 64 + n, at=(0.4 + n / 50, 0.5))
    for n in range(8)
}
SCENE = drawn("triangle", "green", 0.2, side=200)
SKY: Found = {
    "scene.png": [
        ("sky", 0.9, (0, 0, 200, 90)),
        ("cloud", 0.8, (20, 10, 70, 40)),
        ("meadow", 0.7, (0, 95, 200, 200)),
        ("bird", 0.6, (100, 20, 120, 35)),
    ]
}
UNNAMED = drawn("round", "red", 0.4, side=70)
FOUND: Found = {
    **{name: [("ball", 0.9, (16, 16, 48, 48))] for name in BALLS},
    **{name: [("box", 0.8, (16, 16, 48, 48))] for name in BOXES},
    **SKY,
}
FEWER: Found = {"scene.png": [("sky", 0.5, (0, 0, 200, 92)), ("cloud", 0.5, (20, 10, 70, 41))]}


@pytest.fixture(scope="module")
def pictures(
    _connected: Graph, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Graph, Path]]:
    """A graph of what two detectors saw in a folder, the second less; and the folder."""
    place = tmp_path_factory.mktemp("pictures")
    folder = stored(place / "seen", {**BALLS, **BOXES, "scene.png": SCENE, "unnamed.png": UNNAMED})
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("HARTONOMOUS_HOME", str(place / "home"))
        wipe(_connected)
        look(_connected, folder, FOUND, "fine", place / "cache")
        look(_connected, folder, FEWER, "coarse", place / "cache")
    yield _connected, folder
    wipe(_connected)


def concepts(told: ImageConcepts) -> dict[str, list[str]]:
    return {row["concept"]: row["sources"] for row in told.concepts}


def relations(told: ImageConcepts) -> set[tuple[str, str, str]]:
    return {(row["start"], row["relation"], row["end"]) for row in told.relations}


def test_known_pixels_are_told_by_the_sources_that_saw_them(pictures: tuple[Graph, Path]) -> None:
    graph, folder = pictures
    copy = folder.parent / "copy.bmp"
    Image.fromarray(SCENE).save(copy)
    by_file = image_to_concepts(graph, str(copy))
    assert by_file.by == "sources" and by_file.picture == picture_key(SCENE)
    assert concepts(by_file) == {
        "sky": ["coarse", "fine"],
        "cloud": ["coarse", "fine"],
        "meadow": ["fine"],
        "bird": ["fine"],
    }
    assert [row["concept"] for row in by_file.concepts][:2] == ["sky", "cloud"]
    scores = {row["concept"]: row["score"] for row in by_file.concepts}
    assert scores == pytest.approx({"sky": 0.7, "cloud": 0.65, "meadow": 0.7, "bird": 0.6})
    assert {
        ("sky", "ABOVE", "meadow"),
        ("cloud", "INSIDE", "sky"),
        ("bird", "INSIDE", "sky"),
        ("cloud", "LEFT_OF", "bird"),
    } <= relations(by_file)
    within = {
        (row["start"], row["end"]): row["sources"]
        for row in by_file.relations
        if row["relation"] == "INSIDE"
    }
    assert within == {("cloud", "sky"): ["coarse", "fine"], ("bird", "sky"): ["fine"]}
    for name in ("scene.png", picture_key(SCENE)):
        assert image_to_concepts(graph, name) == by_file


def test_a_deleted_detector_says_nothing_and_the_other_says_the_same(
    pictures: tuple[Graph, Path],
) -> None:
    graph, _ = pictures
    deletion = take_out(graph, Selectors(sources=("fine",)))
    told = image_to_concepts(graph, "scene.png")
    assert concepts(told) == {"sky": ["coarse"], "cloud": ["coarse"]}
    assert relations(told) == {("cloud", "INSIDE", "sky")}
    take_back(graph, deletion)
    assert "bird" in concepts(image_to_concepts(graph, "scene.png"))


def test_an_unseen_picture_is_told_by_those_that_are_like_it(pictures: tuple[Graph, Path]) -> None:
    graph, folder = pictures
    said: list[str] = []
    for number, (shape, colour, ground, expected) in enumerate(
        [("round", "red", "white", "ball"), ("square", "blue", "grey", "box")]
    ):
        file = folder.parent / f"new{number}.png"
        Image.fromarray(drawn(shape, colour, 0.45, ground, 90)).save(file)
        told = image_to_concepts(graph, str(file), say=said.append)
        assert told.by == "likeness" and told.relations == ()
        assert concepts(told) == {expected: ["fine"]}
        (concept,) = told.concepts
        assert concept["consensus"] > 1500 and concept["score"] > 0.8
        assert len(told.like) == 8 and concept["times"] == 8
        for like in told.like:
            assert like["alike"] >= 0.5 and like["sources"] == ["fine"]
            assert f"colour {colour}" in like["shared"] and f"shape {shape}" in like["shared"]
    assert (
        said
        == ["No source saw this picture; told by the pictures of the graph that are like it."] * 2
    )


def test_a_picture_like_no_other_is_told_so(pictures: tuple[Graph, Path]) -> None:
    graph, folder = pictures
    file = folder.parent / "odd.png"
    Image.fromarray(drawn("cross", "yellow", 0.9, "purple", 90)).save(file)
    told = image_to_concepts(graph, str(file))
    assert (told.concepts, told.relations, told.like) == ((), (), ())


def test_a_seen_picture_without_a_label_is_told_by_those_that_are_like_it(
    pictures: tuple[Graph, Path],
) -> None:
    graph, _ = pictures
    said: list[str] = []
    told = image_to_concepts(graph, "unnamed.png", say=said.append)
    assert concepts(told) == {"ball": ["fine"]}
    assert picture_key(UNNAMED) not in {row["picture"] for row in told.like}
    assert said[0].startswith("No source says what this picture shows")


class Sure:
    """A detector that finds the same in every picture, and once more, and outside."""

    digest, labels, threshold, files = "none", ("cat", "mat"), 0.5, ()

    def detect(self, pictures: Sequence[Pixels]) -> list[Detections]:
        things = [
            ("cat", 0.9, (20, 10, 40, 30)),
            ("mat", 0.8, (10, 31, 60, 44)),
            ("dog", 0.7, (21, 10, 40, 30)),
            ("mat", 0.1, (50, 50, 60, 60)),
            ("mat", 0.9, (500, 500, 600, 600)),
        ]
        return [detections(things) for _ in pictures]


def test_a_given_detector_is_asked_instead(
    pictures: tuple[Graph, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    graph, folder = pictures
    model = folder.parent / "model.onnx"
    model.write_bytes(b"a model")
    opened: list[Path] = []
    monkeypatch.setattr(
        picture_questions, "open_detector", lambda path: opened.append(path) or Sure()
    )
    said: list[str] = []
    told = image_to_concepts(graph, str(folder / "scene.png"), model, say=said.append)
    assert opened == [model] and told.by == "detector"
    assert concepts(told) == {"cat": ["model.onnx"], "mat": ["model.onnx"]}
    assert relations(told) >= {("cat", "ABOVE", "mat")}
    assert len(said) == 3
    with pytest.raises(UsageError, match="needs the picture itself"):
        image_to_concepts(graph, "balls/1.png", model)


def test_the_procedure_answers_as_python_does(pictures: tuple[Graph, Path]) -> None:
    graph, _ = pictures
    told = image_to_concepts(graph, "scene.png")
    for name in ("scene.png", picture_key(SCENE)):
        rows = graph.read(
            "CALL custom.hartonomous.image_to_concepts($name, 10) "
            "YIELD concept, kind, sources, times, score, consensus "
            "RETURN concept, kind, sources, times, score, consensus",
            name=name,
        )
        assert [{**row, "score": pytest.approx(row["score"], abs=1e-4)} for row in rows] == list(
            told.concepts
        )
    assert graph.read("CALL custom.hartonomous.image_to_concepts('no.png') YIELD concept") == []


def test_the_command_prints_concepts_relations_and_sources(
    pictures: tuple[Graph, Path], server: ServerAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, folder = pictures
    monkeypatch.setenv("NEO4J_URI", server.uri)
    monkeypatch.setenv("NEO4J_PASSWORD", server.password)
    shown = run("image-to-concepts", "scene.png")
    assert shown.exit_code == 0
    lines = [line.split() for line in shown.stdout.splitlines()]
    assert lines[0] == ["concept", "score", "boxes", "consensus", "by"]
    assert lines[1][:3] == ["sky", "0.70", "2"] and lines[1][-2:] == ["coarse,", "fine"]
    assert ["cloud", "INSIDE", "sky", "2", "coarse,", "fine"] in lines
    told = json.loads(run("image-to-concepts", str(folder / "scene.png"), "--json").stdout)
    assert told["by"] == "sources" and told["concepts"][0]["sources"] == ["coarse", "fine"]
    assert told["captions"][told["picture"]].startswith("scene.png")
    unseen = folder.parent / "unseen.png"
    Image.fromarray(drawn("round", "red", 0.45, side=90)).save(unseen)
    shown = run("image-to-concepts", str(unseen))
    assert "Like it:" in shown.stdout and "No source saw this picture" in shown.stderr
    assert run("image-to-concepts", "nothing.png").exit_code == 3


def test_what_cannot_be_told_is_a_clear_error(pictures: tuple[Graph, Path], tmp_path: Path) -> None:
    graph, _ = pictures
    with pytest.raises(NotFound, match="No picture in the graph has the key or the file name"):
        image_to_concepts(graph, "nothing.png")
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    with pytest.raises(BadInput, match="is no picture"):
        image_to_concepts(graph, str(broken))
    other = stored(tmp_path / "other", {"scene.png": drawn("bar", "black")})
    look(graph, other, {"scene.png": [("bar", 0.9, (1, 1, 9, 9))]}, "other", tmp_path / "cache")
    with pytest.raises(UsageError, match=f"Several pictures .*{picture_key(SCENE)}"):
        image_to_concepts(graph, "scene.png")
    assert concepts(image_to_concepts(graph, picture_key(drawn("bar", "black")))) == {
        "bar": ["other"]
    }
    with pytest.raises(Exception, match=r"Several pictures are called scene\.png"):
        graph.read("CALL custom.hartonomous.image_to_concepts('scene.png')")
