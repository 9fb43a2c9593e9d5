"""The names of sources: given, or after their paths."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import hartonomous
from hartonomous.errors import UsageError
from hartonomous.graph.driver import Graph
from hartonomous.operations.source_names import derived_name, source_name
from tests.building import write_vectors
from tests.command_line import failed, run


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("sentence-transformers/all-MiniLM-L6-v2", "all-MiniLM-L6-v2"),
        ("models/v1.5/", "v1.5"),
        ("minilm.bundle", "minilm"),
        ("Mein Modell (neu)", "Mein-Modell-neu"),
        ("Übung", "Ubung"),
        ("_hidden_", "hidden"),
        ("a" * 80, "a" * 63),
    ],
)
def test_names_after_paths(path: str, name: str) -> None:
    assert derived_name(path) == name


def test_a_file_loses_its_ending_and_a_folder_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "glove.6B.50d.txt").write_text("x")
    (tmp_path / "glove.6B").mkdir()
    assert derived_name(str(tmp_path / "glove.6B.50d.txt")) == "glove.6B.50d"
    assert derived_name(str(tmp_path / "glove.6B")) == "glove.6B"
    monkeypatch.chdir(tmp_path / "glove.6B")
    assert derived_name(".") == "glove.6B"
    assert derived_name("..") == derived_name(str(tmp_path))


def test_paths_without_a_name_and_two_names_are_refused() -> None:
    with pytest.raises(UsageError, match="--as"):
        derived_name("日本")
    with pytest.raises(UsageError, match="not both"):
        source_name("a", "b", "c")
    assert source_name("a", None, "c").name == source_name(None, "a", "c").name == "a"


def test_a_source_is_named_after_its_path_unless_another_is_called_so(
    served: Graph, tmp_path: Path
) -> None:
    words = ["king", "queen", "prince", "throne", "crown", "river"]
    model = write_vectors(tmp_path / "model", words, np.random.default_rng(1).normal(size=(6, 4)))
    done = run("ingest", model, "--k", 2, "--json")
    assert json.loads(done.stdout)["name"] == "vectors"
    assert "called 'vectors', after its path" in done.stderr
    assert json.loads(run("ingest", model, "--k", 2, "--json").stdout)["repeated"]
    said = failed(4, "ingest", model, "--k", 3)
    assert "--as" in said and "--replace vectors" in said
    run("extract", model, "--k", 3, "--output", tmp_path / "other.bundle")
    assert json.loads(run("load", tmp_path / "other.bundle", "--json").stdout)["name"] == "other"
    with hartonomous.open() as graph:
        assert graph.ingest(model, k=2).name == "vectors"
        with pytest.raises(hartonomous.Conflict, match="another source is called so"):
            graph.ingest(model, k=4)
