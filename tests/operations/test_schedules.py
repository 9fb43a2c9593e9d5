"""A short random schedule of two clients, disturbed while they act; `make soak` runs hundreds."""

from __future__ import annotations

import pytest

from soak import schedules
from tests.seed import SEED, WHOLE


@pytest.mark.lengthy
def test_disturbed_clients_lose_nothing_and_leave_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HARTONOMOUS_HEAP", "HARTONOMOUS_PAGECACHE", "HARTONOMOUS_HOME"):
        # What the schedules set goes again with the test.
        monkeypatch.setenv(name, "")
    count, most = (2, schedules.LONGEST) if WHOLE else (1, schedules.Size(clients=2, acts=2))
    tally = schedules.run(count, 10.0, SEED, most=most)
    assert tally.faults == []
    assert tally.schedules > 0 and sum(tally.acts.values()) >= 4
