"""The trust of people follows from what they judged, in any order and parts, and after rows are gone."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from hartonomous.rate.person_trust import Judgements

TYPE = "JUDGEMENT_EVIDENCE"
FAR = 2**40
"""Database ids can be large: their product does not fit into 64 bits."""


def judged(rows: list[tuple[str, int, int, int]]) -> Judgements:
    """Judgements of (person, start, end, stance), each added as a part."""
    found = Judgements()
    for person, start, end, stance in rows:
        n, against = int(stance > 0), int(stance < 0)
        found.add(TYPE, person, *(np.array([each]) for each in (start, end, n, against)))
    return found


ROWS = [
    (person, FAR + pair, FAR + pair + 1, 1 if person != "eve" or pair % 3 == 0 else -1)
    for pair in range(30)
    for person in ("ann", "bob", "eve")
]


@pytest.mark.parametrize("dictionary", [False, True])
def test_what_is_left_is_as_if_the_rest_had_never_been_judged(
    dictionary: bool, rng: np.random.Generator
) -> None:
    gone = {int(row) for row in rng.choice(len(ROWS), size=25, replace=False)}
    source = pa.array([ROWS[row][0] for row in gone])
    table = pa.table(
        {
            "source": source.dictionary_encode() if dictionary else source,
            "start": pa.array([ROWS[row][1] for row in gone]),
            "end": pa.array([ROWS[row][2] for row in gone]),
        }
    )
    left = judged(ROWS).without({TYPE: table}, ["bob"]).trusts()
    stay = [row for i, row in enumerate(ROWS) if i not in gone and row[0] != "bob"]
    assert left == judged(stay).trusts()
    assert left != judged(ROWS).trusts()


def test_the_order_makes_no_difference(rng: np.random.Generator) -> None:
    trusts = judged(ROWS).trusts()
    assert trusts["eve"] < 0 < trusts["ann"] == trusts["bob"]
    assert judged([ROWS[i] for i in rng.permutation(len(ROWS))]).trusts() == trusts
