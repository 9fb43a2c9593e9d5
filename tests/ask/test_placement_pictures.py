"""Pictures of a placement: labels that can be read, in every script, and nothing cut off."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib import pyplot
from matplotlib.text import Annotation

from hartonomous.ask.layout import picture_fonts, placement_pictures
from hartonomous.ask.layout.picture_fonts import BASE, choose_fonts
from hartonomous.ask.layout.placement import PlacedWords
from hartonomous.ask.layout.placement_pictures import draw, page
from hartonomous.ask.layout.placement_scene import Scene, scene
from hartonomous.ask.relations.readable_words import reads

GROUPS = (
    "king queen bread water $a $b$\\frac{ }`); 263 x=1 ## house garden river",
    "国王 女王 面包 猫 水 北京 上海",
    "ملك ملكة خبز ماء مدينة كتاب",
    "ราชินี แมว น้ำ เมือง หนังสือ",
    "राजा रानी रोटी पानी हिन्दी",
    "👑 🍞 🐱 🔥 👩\u200d🚀",
)


def made(*groups: str) -> Scene:
    """Return a scene of groups of words, each a community beside the others."""
    rng = np.random.default_rng(7)
    centres = rng.normal(size=(len(groups), 8))
    words = [(at, word) for at, group in enumerate(groups) for word in group.split()]
    spectral = np.array([centres[at] for at, _ in words]) + 0.3 * rng.normal(size=(len(words), 8))
    quaternions = spectral[:, :4] / np.linalg.norm(spectral[:, :4], axis=1)[:, None]
    count = len(words)
    placed = PlacedWords(
        tuple(f"{row:032x}" for row in range(count)),
        tuple(word for _, word in words),
        ("Token",) * count,
        ("1",) * count,
        tuple(at for at, _ in words),
        np.ones(count, np.int64),
        quaternions,
        spectral,
    )
    return scene(placed, {"1": "one"})


@pytest.fixture
def composed(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A function that draws a scene and returns the figure, kept open."""
    kept = []

    def close(figure: Any) -> None:
        kept.append(figure)

    def compose(drawn: Scene, path: Path) -> Any:
        monkeypatch.setattr(pyplot, "close", close)
        draw(drawn, path)
        monkeypatch.undo()
        return kept[-1]

    yield compose
    pyplot.close("all")


def labels(axes: Any) -> list[Annotation]:
    return [text for text in axes.texts if isinstance(text, Annotation)]


def test_labels_are_read_do_not_meet_and_stay_on_their_panel(composed: Any, tmp_path: Path) -> None:
    many = " ".join(f"word{one}{two}" for one in "abcdefghij" for two in "abcdefghij")
    figure = composed(made(many, *GROUPS), tmp_path / "map.png")
    for axes in figure.axes:
        found = labels(axes)
        assert len(found) > 15
        boxes = [label.get_window_extent() for label in found]
        assert not any(one.overlaps(other) for one, other in combinations(boxes, 2))
        panel = axes.get_window_extent()
        assert all(panel.x0 <= box.x0 and box.x1 <= panel.x1 for box in boxes)
        assert all(panel.y0 <= box.y0 and box.y1 <= panel.y1 for box in boxes)
        told = {label.get_text() for label in found} - set(GROUPS[-1].split())
        assert told and all(reads(text) for text in told)


def test_no_point_of_the_solid_panel_is_cut_off(composed: Any, tmp_path: Path) -> None:
    drawn = made(*GROUPS)
    solid = composed(drawn, tmp_path / "map.png").axes[0]
    shown = drawn.solid[
        placement_pictures._inside(drawn.solid, placement_pictures._frame(drawn.solid))
    ]
    ends = solid.transData.transform(placement_pictures._flattened(solid, shown))
    low, high = solid.get_window_extent().get_points()
    assert (ends >= low).all() and (ends <= high).all()
    assert ((ends.max(axis=0) - ends.min(axis=0)) / (high - low)).max() > 0.6
    titles = [text.get_text() for text in solid.figure.texts]
    assert titles[0].endswith(f": {len(shown)} of {drawn.placed} words")


def test_fonts_of_every_script_are_found() -> None:
    fonts = choose_fonts(GROUPS)
    assert fonts.families[0] == BASE and not fonts.missing
    assert {"Noto Sans CJK JP", "Noto Sans Thai", "Noto Emoji"} <= set(fonts.families)
    assert choose_fonts(["king"]).families == (BASE,)


def test_a_script_without_a_font_is_named_and_not_drawn_as_boxes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(picture_fonts, "_found", list)
    monkeypatch.setattr(picture_fonts, "PACKAGES", ())
    told: list[str] = []
    drawn = made("king queen bread water", "国王 女王 面包", "ราชินี แมว", "🍞 🔥")
    draw(drawn, tmp_path / "map.png", say=told.append)
    (remark,) = told
    assert "CJK, Thai, symbols" in remark and "hartonomous[pictures]" in remark
    fonts = choose_fonts(drawn.texts)
    assert fonts.draws("king") and not fonts.draws("国王")
    draw(made("king queen"), tmp_path / "plain.png", say=told.append)
    draw(drawn, tmp_path / "map.html", say=told.append)
    assert len(told) == 1


def test_an_svg_is_the_same_bytes_and_needs_no_font(tmp_path: Path) -> None:
    drawn = made(*GROUPS)
    for name in ("one.svg", "two.svg"):
        draw(drawn, tmp_path / name)
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()
    tree = ElementTree.parse(tmp_path / "one.svg")
    assert not list(tree.iter("{http://www.w3.org/2000/svg}text"))


def test_a_page_labels_the_central_words_of_each_group() -> None:
    drawn = made(*GROUPS, "<b>bold</b> <i>")
    notes = placement_pictures._notes(drawn, "community", 3)
    texts = [note["text"] for note in notes]
    assert "263" not in texts and "}`);" not in texts
    assert {note["name"] for note in notes} <= {str(3 + at) for at in range(len(GROUPS) + 1)}
    assert not any("<" in text for text in texts)
    first = notes[0]["text"]
    assert drawn.groups["community"][0].name.startswith(first)
    text = page(drawn)
    assert text.count("MutationObserver(thin)") == 1 and "{plot_id}" not in text


def test_groups_are_named_by_words_that_people_read() -> None:
    names = {group.name for group in made(*GROUPS).groups["community"]}
    assert all(reads(word) for name in names for word in name.split(", ") if word[0] < "\u2000")
    assert made("263 ## }").groups["community"][0].name.count(", ") == 2
