"""What generated pictures answer: what a text looks like, and what text a picture looks like."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hartonomous.ask.pictures.generated_pictures import (
    image_features_to_prompt,
    text_to_image,
    text_to_image_features,
)
from hartonomous.audit.audit_report import audit
from hartonomous.delete.selectors import Selectors
from hartonomous.errors import NotFound
from hartonomous.graph.driver import Graph
from hartonomous.operations.ingestion import prepare
from tests.building import exported, put_in, silent, take_out, wipe
from tests.called_rows import as_called, called
from tests.drawn_prompts import draw
from tests.made_generator import made_pictures


@pytest.fixture
def asked(graph: Graph, tmp_path: Path) -> Graph:
    prepare(graph)
    put_in(graph, made_pictures(tmp_path, "painter"), "painter")
    return graph


def test_words_are_answered_with_features_and_back(asked: Graph, tmp_path: Path) -> None:
    rows = text_to_image_features(asked, "a small red square", 40)
    by_feature = {row["feature"]: row for row in rows}
    assert (
        by_feature["colour red"]["words"] == ["red"] and by_feature["colour red"]["support"] > 1000
    )
    assert by_feature["size large"]["effect"] < -1 and by_feature["size small"]["effect"] > 1
    assert by_feature["shape square"]["support"] > 500
    found = called(
        asked, "ask/text_to_image_features", "text_to_image_features('a small red square', 40)"
    )
    assert as_called(rows) == found
    file = tmp_path / "unseen.png"
    Image.fromarray(draw("a large blue triangle", np.random.default_rng(99))).save(file)
    answer = image_features_to_prompt(asked, str(file))
    assert answer.prompts == {"painter": "a large blue triangle"}


def test_pictures_are_found_with_place_and_source(asked: Graph) -> None:
    answer = text_to_image(asked, "Red square please", 5)
    assert answer.words == ("red", "square") and answer.unknown == ("please",)
    assert {row["source"] for row in answer.pictures} == {"painter"}
    assert all("red square/seed" in row["place"] for row in answer.pictures), answer.pictures
    assert [one.word for one in answer.standing] == ["red", "square"]
    assert all(one.obeyed > 0.95 and one.readable > 0.95 for one in answer.standing)
    (sums,) = answer.additivity
    assert sums.share > 0.5 and sums.pictures == 16
    back = image_features_to_prompt(asked, answer.pictures[0]["place"])
    assert "red square" in back.prompts["painter"]
    assert back == image_features_to_prompt(asked, answer.pictures[0]["picture"])


def test_the_graph_is_sound_and_forgets_the_generator(graph: Graph, tmp_path: Path) -> None:
    prepare(graph)
    put_in(graph, made_pictures(tmp_path, "one"), "one")
    before = exported(graph)
    grid = (
        'template = "{c} {s}"\nseeds = 8\n[values]\nc = ["red", "black"]\ns = ["circle", "star"]\n'
    )
    put_in(graph, made_pictures(tmp_path, "other", grid), "other")
    assert {row["source"] for row in text_to_image_features(graph, "red", 40)} == {"one", "other"}
    assert audit(graph, silent, full=True)["findings"] == []
    take_out(graph, Selectors(sources=("other",)))
    assert exported(graph) == before
    assert {row["source"] for row in text_to_image_features(graph, "red", 40)} == {"one"}


def test_what_no_generator_was_asked_is_said(graph: Graph, tmp_path: Path) -> None:
    wipe(graph)
    prepare(graph)
    with pytest.raises(NotFound, match="No image generator was opened yet"):
        text_to_image(graph, "red")
    put_in(graph, made_pictures(tmp_path, "painter"), "painter")
    with pytest.raises(NotFound, match="they were asked for blue"):
        text_to_image_features(graph, "a submarine")
    with pytest.raises(NotFound, match="No picture in the graph"):
        image_features_to_prompt(graph, "no such picture")
