"""The notebooks run, cell by cell, on a small graph of a real model."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest

from hartonomous.extract.extraction import open_model
from hartonomous.extract.importer_protocol import OpenOptions
from hartonomous.graph.driver import Graph
from tests import models
from tests.building import bundle_of, put_in, write_vectors

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "docs" / "notebooks").glob("*.ipynb"))
NAMED = {"king", "queen", "man", "woman", "bread"}


@pytest.fixture
def asked(served: Graph, tmp_path: Path) -> Graph:
    """GloVe's most frequent words, few of them, and those that the notebooks name."""
    model = open_model(str(models.GLOVE), OpenOptions(models.GLOVE_WORDS, None, 10_000))
    texts = model.vocabulary.compositions["text"].to_pylist()
    chosen = [row for row, text in enumerate(texts) if row < 400 or text in NAMED]
    words = [texts[row] for row in chosen]
    assert set(words) >= NAMED
    path = write_vectors(tmp_path / "glove", words, model.tracks[0].vectors(0)[chosen])
    put_in(served, bundle_of(path, tmp_path / "bundle", k=10), "glove")
    return served


def outputs(path: Path) -> list[Any]:
    notebook = nbformat.read(path, as_version=4)
    return [cell.outputs for cell in notebook.cells if cell.cell_type == "code"]


def test_every_notebook_runs(asked: Graph, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "docs.notebooks", "--output", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert len(NOTEBOOKS) == 2
    for notebook in NOTEBOOKS:
        ran, kept = outputs(tmp_path / notebook.name), outputs(notebook)
        # Cells that print, print; what is kept in the repository has been run too, without complaint.
        assert [len(cell) > 0 for cell in ran] == [len(cell) > 0 for cell in kept]
        every = [one for cell in (*ran, *kept) for one in cell]
        assert all(one.output_type in ("execute_result", "stream") for one in every)
        assert not [one for one in every if one.get("name") == "stderr"]
    assert (
        asked.read(
            "CALL gds.graph.list() YIELD graphName WHERE graphName STARTS WITH 'first' RETURN 1"
        )
        == []
    )
