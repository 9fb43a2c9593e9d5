"""Forecasts: from rates that were measured here in the last hour, else from a trial; as a range."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from hartonomous import speeds
from hartonomous.cli.output import _Whole
from hartonomous.speeds import LOAD, RATE, REFERENCE, SEARCH, forecast, keep, measured


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HARTONOMOUS_CACHE", str(tmp_path))
    return tmp_path / "speeds.json"


@pytest.fixture
def usual(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine as fast as the one that the reference rates are from."""
    monkeypatch.setattr(speeds, "trial", lambda: speeds.REFERENCE_TRIAL)


@pytest.mark.usefixtures("usual")
def test_without_a_rate_the_trial_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    units = 100 * REFERENCE[LOAD]
    found = forecast({LOAD: units, RATE: 0})
    assert found.least < 100 < found.most and found.most / found.least < 5
    monkeypatch.setattr(speeds, "trial", lambda: 8 * speeds.REFERENCE_TRIAL)
    busy = forecast({LOAD: units})
    assert (busy.least, busy.most) == (8 * found.least, 8 * found.most)


@pytest.mark.usefixtures("usual")
def test_the_rates_of_the_last_hour_tell(own_cache: Path) -> None:
    for rate in (1_000, 500, 2_000):
        keep(LOAD, 100 * rate, 100.0)
    found = forecast({LOAD: 100_000})
    assert (found.least, found.most) == (pytest.approx(40, 0.01), pytest.approx(260, 0.01))
    kept = json.loads(own_cache.read_text())
    kept[LOAD] = [[when - 2 * speeds.HOUR, rate] for when, rate in kept[LOAD]]
    own_cache.write_text(json.dumps(kept))
    assert forecast({LOAD: 60_000_000}).least == pytest.approx(600, 0.01)


def test_what_is_over_at_once_says_nothing(own_cache: Path) -> None:
    with measured(SEARCH, 10):
        pass
    with pytest.raises(ZeroDivisionError), measured(SEARCH, 10):
        time.sleep(speeds.SHORTEST)
        raise ZeroDivisionError
    assert not own_cache.exists()
    with measured(SEARCH, 10):
        # Little work that took long: starting took most of it, and a forecast would be of months.
        time.sleep(speeds.SHORTEST)
    assert not own_cache.exists()
    with measured(SEARCH, speeds.SHORTEST * REFERENCE[SEARCH]):
        time.sleep(speeds.SHORTEST)
    assert list(json.loads(own_cache.read_text())) == [SEARCH]


@pytest.mark.usefixtures("usual")
@pytest.mark.parametrize("text", ["", "[]", '{"load": 1}', '{"load": [["a", 1]]}', "\x00"])
def test_a_damaged_file_is_as_none(own_cache: Path, text: str) -> None:
    own_cache.write_text(text)
    assert forecast({LOAD: 1_000_000}).most > 0
    keep(LOAD, REFERENCE[LOAD], 1.0)
    assert LOAD in json.loads(own_cache.read_text())


@pytest.mark.usefixtures("usual")
def test_a_cache_that_cannot_be_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("HARTONOMOUS_CACHE", str(tmp_path / "file"))
    keep(LOAD, REFERENCE[LOAD], 1.0)
    assert forecast({LOAD: 1_000_000}).most > 0


def test_what_is_left_is_corrected_as_the_work_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    whole = _Whole({"search": 10.0, "load": 20.0, "rate": 10.0})
    assert whole.after("embedding", 0.0) == (0.0, 40.0)
    clock[0] = 30.0
    # The search took three times what was expected.
    share, left = whole.after("embedding", 1.0)
    assert share == 0.25 and 30 < left < 90
    clock[0] = 90.0
    share, left = whole.after("evidence", 1.0)
    assert share == 0.75 and left == pytest.approx(30.0)
    clock[0] = 120.0
    assert whole.after("rating", 1.0) == (1.0, 0.0)
