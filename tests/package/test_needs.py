"""What a test needs is read from its code, also where helpers, caches and parameters stand between."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hartonomous.server import managed_server
from tests import models
from tests.command_line import run, run_process
from tests.needs import MARKERS, needed
from tests.private_server import private_server
from tests.real_words import real_words
from tests.tiny_transformers import reading_bundle


class Opener:
    def open(self) -> object:
        return models.GLOVE


@pytest.mark.parametrize(
    ("code", "found"),
    [
        (lambda: run("stats"), set()),
        (lambda: run_process("stats"), {"processes"}),
        (lambda: private_server("1m", "1m"), {"processes"}),
        (lambda: managed_server.start, {"processes"}),
        (lambda: real_words(3), {"models"}),
        (lambda: [reading_bundle for _ in range(3)], {"models"}),
        (lambda: Opener().open(), {"models"}),
        (lambda: models.SMOLLM, {"models"}),
        (lambda: models.FOLDER, set()),
    ],
)
def test_code_needs_what_it_reaches(code: Callable[[], object], found: set[str]) -> None:
    assert needed([code]) == found


def test_a_parameter_is_needed_as_what_it_is() -> None:
    assert needed([{"one": [models.MINILM]}]) == {"models"}


def test_what_needs_nothing_bears_no_marker(request: pytest.FixtureRequest) -> None:
    assert not {mark.name for mark in request.node.iter_markers()} & set(MARKERS)
