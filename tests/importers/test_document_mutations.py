"""Damaged documents are refused, sound ones read whole: a few hundred inputs of the soak run."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from importers.documents import web_pages
from soak.document_mutations import run

INPUTS = 250


def test_no_input_is_lost_or_ends_in_a_traceback(tmp_path: Path) -> None:
    outcome = run(INPUTS, 1, tmp_path, seconds=math.inf)
    assert not outcome.failures, "\n".join(outcome.failures)
    assert outcome.read + outcome.refused == INPUTS
    assert outcome.compared > INPUTS / 3


def test_what_is_lost_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_pages, "UNSEEN", web_pages.UNSEEN | {"code"})
    outcome = run(INPUTS // 2, 1, tmp_path, seconds=math.inf)
    assert any(" stands there" in failure for failure in outcome.failures)
