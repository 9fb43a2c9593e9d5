"""What people wrote beside pictures, and in documents, related without any model."""

from __future__ import annotations

from pathlib import Path

import pytest

from hartonomous.errors import BadInput, NotFound, UsageError
from hartonomous.graph.driver import Graph
from hartonomous.operations.ingestion import ingest_model
from hartonomous.operations.observation import request_observation
from tests.drawn_shapes import EVERYTHING, write_pictures


def captioned(folder: Path) -> Path:
    """Write drawn shapes whose captions stand in a table, and one picture whose name tells nothing."""
    things = [thing for thing in EVERYTHING if thing.shape in ("circle", "square")]
    names = write_pictures(folder, things, 7)
    rows = [f"{name},{thing.caption}" for name, thing in zip(names[1:], things[1:], strict=True)]
    (folder / "captions.csv").write_text("\n".join(["file,caption", *rows]) + "\n")
    return folder


def test_words_find_pictures_and_features(graph: Graph, tmp_path: Path) -> None:
    request = request_observation(captioned(tmp_path / "shapes"))
    report = ingest_model(graph, request, "shapes")
    assert report.omissions is not None
    assert report.omissions.excluded == {"pictures without a caption": 1}
    found = graph.read(
        "MATCH (p:Image)-[r:DEPICTS]->(:Token {text: 'red'}) RETURN p.name AS name ORDER BY name"
    )
    assert len(found) == 4 - (EVERYTHING[0].colour == "red")
    (best,) = graph.read(
        "MATCH (f:Feature)-[r:DEPICTS]->(:Token {text: 'red'}) RETURN f.text AS text "
        "ORDER BY r.consensus DESC, r.elo DESC LIMIT 1"
    )
    assert best["text"] == "colour red"
    (together,) = graph.read(
        "MATCH (:Token {text: 'red'})-[r:COOCCURRENCE_EVIDENCE]-(:Token {text: 'circle'}) "
        "RETURN r.n AS n"
    )
    assert together["n"] == 2 - (
        EVERYTHING[0].caption in ("a small red circle", "a large red circle")
    )


def test_words_of_documents_that_stand_near_each_other(graph: Graph, tmp_path: Path) -> None:
    words = ["The harbour pilot steers ships.", "A pilot knows the harbour.", "Bread needs salt."]
    (tmp_path / "one.txt").write_text("\n\n".join(words))
    (tmp_path / "two.md").write_text(
        "Fresh bread with salt and butter.\n\nA pilot knows the harbour.\n"
    )
    report = ingest_model(graph, request_observation(tmp_path), "notes")
    assert not report.repeated
    rows = graph.read(
        "MATCH (a)-[e:COOCCURRENCE_EVIDENCE {source: 'notes'}]-(b) WHERE a.text < b.text "
        "RETURN a.text AS a, b.text AS b, e.n AS n, e.weight AS weight ORDER BY a, b"
    )
    # The repeated sentence is read once; what was met once is left out.
    assert rows == [
        {"a": "bread", "b": "salt", "n": 2, "weight": 1_000_000 // 2 + 1_000_000},
        {"a": "harbour", "b": "pilot", "n": 2, "weight": 1_000_000 + 1_000_000 // 2},
    ]
    places = graph.read(
        "MATCH (:Source {name: 'notes'})-[h:HOLDS]->(:Token {text: 'bread'}) "
        "RETURN h.place AS place ORDER BY place"
    )
    assert [row["place"] for row in places] == ["one.txt", "two.md"]


@pytest.mark.parametrize(
    ("files", "captions", "error", "message"),
    [
        ({}, (), NotFound, "nothing at"),
        ({"IMG_1.png": b"x"}, (), BadInput, "no caption of any of them"),
        ({"a.txt": b"Some words stand here."}, ("c.csv",), UsageError, "holds no pictures"),
        ({"a.xyz": b"?"}, (), BadInput, "holds no document"),
    ],
)
def test_what_holds_nothing_is_told(
    tmp_path: Path, files: dict[str, bytes], captions: tuple[str, ...], error: type, message: str
) -> None:
    folder = tmp_path / "content"
    for name, content in files.items():
        folder.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)
    with pytest.raises(error, match=message):
        request_observation(folder, captions).opened  # noqa: B018
