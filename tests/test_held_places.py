"""Places are checked at the bundle's door, and told apart by their digest."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from hartonomous.errors import BadInput
from hartonomous.evidence import summed
from hartonomous.held_places import (
    LONGEST,
    MOST,
    PLACES,
    check_places,
    file_place,
    place_digest,
    place_table,
)


def table(*rows: tuple[int, str]) -> pa.Table:
    compositions, places = zip(*rows, strict=True)
    return pa.table([pa.array(compositions, pa.int32()), pa.array(places)], schema=PLACES)


def test_what_standards_write_is_valid() -> None:
    places = [
        "a b/c#.pdf#page=3",
        "handbook.pdf#page=10",
        "src/load.py:7",
        "yard.jpg#xywh=percent:5,5,15,15",
        "\u0645\u06cc\u200c\u0634.txt",
        "港口.md",
        "x" * LONGEST,
    ]
    check_places(place_table(np.full(len(places), 2), places), 3)
    many = [(row, f"{row}.jpg#page={page:02}") for row in range(5) for page in range(MOST)]
    last = None
    for first in range(0, len(many), 7):
        last = check_places(table(*many[first : first + 7]), 5, last)
    assert last is not None and last.rows == len(many)
    check_places(PLACES.empty_table(), 0)


@pytest.mark.parametrize(
    ("place", "fault"),
    [
        ("", "empty"),
        ("e\u0301.txt", "NFC"),
        ("a\nb.txt", "printed or seen"),
        ("a\x00b", "printed or seen"),
        ("a\u202egpj.exe", "printed or seen"),
        ("a\u200b.txt", "printed or seen"),
        ("a\u3164.txt", "printed or seen"),
        ("a\u2028b", "printed or seen"),
        ("a\ue000b", "printed or seen"),
        ("/etc/passwd", "absolute"),
        ("C:\\a.txt", "absolute"),
        ("\\\\server\\a.txt", "absolute"),
        ("~/a.txt", "absolute"),
        ("file:///etc/passwd", "absolute"),
        ("a/../../b", "outside the source"),
        ("..", "outside the source"),
        ("x" * (LONGEST + 1), "more than 1,000 characters"),
        ("x" * 10_000_000, "more than 1,000 characters"),
    ],
)
def test_a_place_that_is_none_is_refused_by_its_row(place: str, fault: str) -> None:
    with pytest.raises(BadInput, match="row 7 ") as refused:
        last = check_places(table(*((0, f"{n}.txt") for n in range(6))), 3)
        check_places(table((1, "a.txt"), (2, place)), 3, last)
    assert fault in str(refused.value)
    assert len(str(refused.value)) < 200


@pytest.mark.parametrize(
    "rows",
    [
        [(3, "a")],
        [(-1, "a")],
        [(1, "a"), (0, "a")],
        [(1, "b"), (1, "a")],
        [(1, "a"), (1, "a")],
    ],
)
def test_rows_out_of_order_or_outside_are_refused(rows: list[tuple[int, str]]) -> None:
    with pytest.raises(BadInput, match=f"row {len(rows) - 1} "):
        check_places(table(*rows), 3)
    if len(rows) > 1:
        with pytest.raises(BadInput, match="row 1 "):
            check_places(table(rows[1]), 3, check_places(table(rows[0]), 3))


@pytest.mark.parametrize("cut", [1, 5, MOST, MOST + 1])
def test_more_places_than_allowed_are_refused(cut: int) -> None:
    rows = [(0, "a"), *((1, f"{n:02}.txt") for n in range(MOST + 1))]
    with pytest.raises(BadInput, match=f"row {MOST + 1} has the {MOST + 1}th place"):
        check_places(table(*rows[cut:]), 3, check_places(table(*rows[:cut]), 3))


def test_other_columns_are_refused() -> None:
    with pytest.raises(BadInput, match="columns"):
        check_places(table((0, "a")).cast(pa.schema([("composition", pa.int64()), PLACES[1]])), 1)


def test_a_digest_adds_up_and_tells_every_change(rng: np.random.Generator) -> None:
    keys = rng.integers(0, 1 << 63, (5000, 2)).astype(np.uint64)
    places = pa.chunked_array([[f"d{n % 7}/{n}.pdf#page={n % 90}" for n in range(5000)]])
    whole = place_digest(keys, places)
    assert whole[0] == 5000
    parts = place_digest(keys[:1234], places.slice(0, 1234))
    assert summed(parts, place_digest(keys[1234:], places.slice(1234))) == whole
    assert summed(whole, parts, -1) == place_digest(keys[1234:], places.slice(1234))
    shuffled = rng.permutation(5000)
    assert place_digest(keys[shuffled], places.take(pa.array(shuffled))) == whole
    same = np.repeat(keys[:1], 2, axis=0)
    seen = {
        tuple(place_digest(same, pa.array(two)))
        for two in (["a1", "a2"], ["a0", "a3"], ["1a", "2a"], ["a1", "a1"], ["a1a2", ""])
    }
    assert len(seen) == 5
    swapped = keys.copy()
    swapped[[0, 1]] = keys[[1, 0]]
    assert place_digest(swapped, places) != whole


def test_a_files_name_is_made_a_place() -> None:
    assert file_place("cafe\u0301.txt") == "caf\u00e9.txt"
    assert file_place("a\nb\u202e.pdf", "#page=2") == "a\\u{a}b\\u{202e}.pdf#page=2"
    assert file_place("caf\udce9.txt") == "caf\\xe9.txt"
    assert file_place("x" * LONGEST, "#page=1") is None
    for name in ("cafe\u0301.txt", "a\nb\u202e.pdf", "caf\udce9.txt", "a\u200cb"):
        check_places(table((0, str(file_place(name)))), 1)
