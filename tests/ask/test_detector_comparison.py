"""Where two detectors disagree, with planted disagreements."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hartonomous.ask.pictures.detector_comparison import compare_detectors
from hartonomous.errors import NotFound, UsageError
from hartonomous.graph.driver import Graph
from tests.command_line import run
from tests.drawn_pictures import drawn
from tests.seen_pictures import Found, look, stored

NUMBER = 24
PICTURES = {f"{n:02}.png": drawn("square", "red", 0.5, side=60 + n) for n in range(NUMBER)}
HIGH, LOW, RIGHT = (5, 5, 25, 25), (5, 27, 25, 47), (27, 5, 47, 25)


def turned() -> tuple[Found, Found]:
    """Return what two detectors see: the second has cups below saucers in most pictures and sees no
    spoon in a third of them, the first sees a ghost once.
    """
    first, second = {}, {}
    for n, name in enumerate(PICTURES):
        first[name] = [("cup", 0.9, HIGH), ("saucer", 0.9, LOW), ("spoon", 0.8, RIGHT)]
        lying = n % 6 != 0
        second[name] = [
            ("cup", 0.9, LOW if lying else HIGH),
            ("saucer", 0.9, HIGH if lying else LOW),
            *([("spoon", 0.7, RIGHT)] if n % 3 else []),
        ]
    first["05.png"] = [*first["05.png"], ("ghost", 0.6, (48, 48, 58, 58))]
    return first, second


@pytest.fixture
def two(graph: Graph, tmp_path: Path) -> Graph:
    folder = stored(tmp_path / "seen", PICTURES)
    for name, found in zip(("one", "two"), turned(), strict=True):
        look(graph, folder, found, name, tmp_path / "cache")
    return graph


def test_labels_are_counted_by_who_says_them(two: Graph) -> None:
    found = compare_detectors(two, "one", "two")
    assert (found.by_first, found.by_second, found.by_both) == (NUMBER, NUMBER, NUMBER)
    counts = {
        row["label"]: (row["only_first"], row["only_second"], row["both"]) for row in found.labels
    }
    assert counts == {"spoon": (8, 0, 16), "ghost": (1, 0, 0)}
    pictures = {row["label"]: row["pictures"] for row in found.labels}
    assert len(pictures["spoon"]) == 3 and len(pictures["ghost"]) == 1
    assert pictures["ghost"][0].startswith("05.png")
    back = compare_detectors(two, "two", "one")
    assert {row["label"]: row["only_second"] for row in back.labels} == {"spoon": 8, "ghost": 1}


def test_relations_that_differ_beyond_noise_are_told(two: Graph) -> None:
    found = compare_detectors(two, "one", "two")
    by_pair = {(row["start"], row["relation"], row["end"]): row for row in found.relations}
    cup = by_pair["cup", "ABOVE", "saucer"]
    counts = [cup[name] for name in ("first_n", "first_against", "second_n", "second_against")]
    assert counts == [24, 0, 4, 20]
    assert cup["difference"] == pytest.approx(2.34, abs=0.01)
    assert len(cup["pictures"]) == 3
    # The spoon is right of the cup in all pictures of the one, and in few of the other's.
    assert (
        by_pair["cup", "LEFT_OF", "spoon"]["second_n"] == 0
        if (("cup", "LEFT_OF", "spoon") in by_pair)
        else True
    )
    assert found.relations[0]["relation"] == "ABOVE"
    (back,) = [
        r for r in compare_detectors(two, "two", "one").relations if r["relation"] == "ABOVE"
    ]
    assert (back["start"], back["end"]) == ("saucer", "cup")
    assert back["difference"] == pytest.approx(2.34, abs=0.01)


def test_detectors_that_agree_have_nothing_to_show(graph: Graph, tmp_path: Path) -> None:
    folder = stored(tmp_path / "seen", PICTURES)
    first, _ = turned()
    for name in ("one", "two"):
        look(graph, folder, first, name, tmp_path / "cache")
    found = compare_detectors(graph, "one", "two")
    assert found.labels == () and found.relations == ()


def test_what_cannot_be_compared_is_a_clear_error(two: Graph, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="one, two"):
        compare_detectors(two, "one", "three")
    with pytest.raises(UsageError, match="with itself"):
        compare_detectors(two, "one", "one")
    look(two, stored(tmp_path / "other", {"a.png": drawn("bar", "blue")}), {}, "other", tmp_path)
    with pytest.raises(NotFound, match="none is the same"):
        compare_detectors(two, "one", "other")


def test_the_procedures_answer_as_python_does(two: Graph) -> None:
    found = compare_detectors(two, "one", "two")
    columns = "label, only_first, only_second, both, pictures"
    rows = two.read(
        f"CALL custom.hartonomous.detectors('one', 'two') YIELD {columns} RETURN {columns}"
    )
    assert rows == list(found.labels)
    columns = "start, relation, end, first_n, first_against, second_n, second_against, difference, pictures"
    yields = columns.replace("end,", "`end`,")
    rows = two.read(
        f"CALL custom.hartonomous.detector_relations('one', 'two') YIELD {yields} RETURN {yields}"
    )
    assert [
        {**row, "difference": pytest.approx(row["difference"], abs=1e-3)} for row in rows
    ] == list(found.relations)


def test_the_command_prints_both_tables(two: Graph, served: Graph) -> None:
    shown = run("detectors", "one", "two")
    assert shown.exit_code == 0
    assert "24 pictures seen by both; one saw 24, two 24." in shown.stdout
    told = json.loads(run("detectors", "one", "two", "--json").stdout)
    assert [row["label"] for row in told["labels"]] == ["spoon", "ghost"]
    assert told["relations"][0]["relation"] == "ABOVE"
