"""A few hundred mutated model files: `python -m soak.model_mutations` tries thousands."""

from __future__ import annotations

from pathlib import Path

from soak.model_mutations import MEMORY, run
from tests.seed import SEED

INPUTS = 400


def test_mutated_files_are_refused_or_read_as_others_read_them(tmp_path: Path) -> None:
    tally = run(INPUTS, SEED, tmp_path)
    assert not tally.faults, "\n".join(tally.faults)
    assert tally.counts.total() == INPUTS
    assert tally.counts["refused"] > INPUTS // 3
    # So many are really compared with another reader.
    assert tally.counts["accepted"] > INPUTS // 10
    assert tally.grown < MEMORY


def test_an_input_is_the_same_again(tmp_path: Path) -> None:
    first, again = tmp_path / "first", tmp_path / "again"
    for folder in (first, again):
        folder.mkdir()
        run(0, SEED, folder, only=5)
    held = [
        {
            file.relative_to(folder): file.read_bytes()
            for file in folder.rglob("*")
            if file.is_file()
        }
        for folder in (first / "input", again / "input")
    ]
    assert held[0] == held[1]
