"""What a command leaves out is said at its end, by reason and number, and in JSON."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from hartonomous.cli import main
from hartonomous.graph.driver import Graph
from hartonomous.operations.omissions import Omissions
from tests.building import WORDS, write_vectors
from tests.command_line import HARTONOMOUS
from tests.tiny_transformers import tiny_encoder

LEFT_OUT = "Left out: 1 files of another kind, 2 files that cannot be read, 1 without letters."


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_encoder(tmp_path_factory.mktemp("encoder"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "a.md").write_text("The king is at the river.\n\nThe queen left.\n\n- 12\n")
    (folder / "prices.csv").write_text("date,fee\n")
    (folder / os.fsdecode(b"caf\xe9.txt")).write_bytes("Café".encode("latin-1"))
    (folder / "a.docx").write_bytes(b"PK")
    return folder


def run(*arguments: object, code: int = 0) -> Result:
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exit_code == code, result.output
    return result


def test_every_way_in_ends_by_saying_what_was_left_out(
    served: Graph, folder: Path, encoder: Path, tmp_path: Path
) -> None:
    bundle = tmp_path / "b"
    inspected = run("inspect", folder, "--encoder", encoder)
    extracted = run("extract", folder, "--encoder", encoder, "--output", bundle)
    for result in (inspected, extracted, run("ingest", folder, "--encoder", encoder, "--as", "a")):
        said = result.stderr.splitlines()
        assert said[-1] == f"{LEFT_OUT} That is 75%."
        assert r"caf\xe9.txt, line 1, byte 3: 0xe9 is not UTF-8" in said[0]
        assert "prices.csv has no column 'question'" in said[1]
    loaded = run("load", bundle, "--as", "a")
    assert loaded.stderr.splitlines()[-1] == f"{LEFT_OUT} That is 75%."
    assert "files that cannot be read 2" in loaded.stdout
    assert run("inspect", bundle).stderr.endswith("That is 75%.\n")
    for command in (
        ("inspect", folder, "--encoder", encoder),
        ("ingest", folder, "--encoder", encoder, "--as", "a"),
        ("ingest", folder, "--encoder", encoder, "--as", "b", "--exclude", "*.csv", "-q"),
    ):
        told = json.loads(run(*command, "--json").stdout)
        assert told["excluded"]["without letters"] == 1
        files = {file["name"] for file in told["unread"]}
        assert files == ({r"caf\xe9.txt"} if "-q" in command else {r"caf\xe9.txt", "prices.csv"})
    assert run("ingest", folder, "--encoder", encoder, "--as", "a", "-q").stderr == ""


def test_words_of_a_model_that_are_left_out_are_said(tmp_path: Path) -> None:
    words = ["king", "queen", "</s>", "river"]
    model = write_vectors(tmp_path / "m", words, np.random.default_rng(1).normal(size=(4, 3)))
    told = run("extract", model, "--output", tmp_path / "b", "--k", 2)
    assert "Left out: " in told.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("excluded", "files", "compositions", "share"),
    [
        ({}, 1, 10, 0.0),
        ({"without letters": 1}, 1, 9, 0.1),
        ({"files of another kind": 1}, 3, 1_000, 0.25),
        ({"links that lead elsewhere": 1, "code blocks": 1}, 9, 3, 0.25),
        ({"beyond the limit": 90, "hidden files and folders": 90}, 1, 10, 0.0),
    ],
)
def test_the_share_is_of_files_or_of_what_they_hold(
    excluded: dict[str, int], files: int, compositions: int, share: float
) -> None:
    assert Omissions(excluded, 0, files, compositions).share == pytest.approx(share)


def test_more_than_a_tenth_is_said_in_colour(
    folder: Path, encoder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ["inspect", str(folder), "--encoder", str(encoder)]
    coloured = CliRunner().invoke(main, arguments, color=True).stderr
    assert f"\x1b[33m\x1b[1m{LEFT_OUT} That is 75%.\x1b[0m" in coloured
    for name in ("prices.csv", os.fsdecode(b"caf\xe9.txt"), "a.docx"):
        (folder / name).unlink()
    (folder / "b.md").write_text("".join(f"The {name} left.\n\n" for name in WORDS[:20]))
    assert "\x1b[" not in CliRunner().invoke(main, arguments, color=True).stderr
    monkeypatch.setenv("NO_COLOR", "1")
    (folder / "prices.csv").write_text("")
    assert "\x1b[" not in CliRunner().invoke(main, arguments, color=True).stderr


def test_names_that_are_not_utf8_are_printed(
    folder: Path, encoder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = tmp_path / os.fsdecode(b"\xe9t\xe9")
    folder.rename(odd)

    inspected = subprocess.run(
        [HARTONOMOUS, "inspect", odd, "--encoder", encoder],
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONIOENCODING": "latin-1"},
    )
    assert inspected.returncode == 0
    assert rb"/\xe9t\xe9/prices.csv has no column" in inspected.stderr
    monkeypatch.chdir(tmp_path)
    for arguments in (
        ("inspect", str(odd / "caf\udce9.txt"), "--encoder", str(encoder)),
        ("extract", str(odd), "--encoder", str(encoder), "--output", "o", "--subject", "a\udce9"),
        ("extract", str(odd), "--encoder", str(encoder), "--output", "o\udce9"),
        ("inspect", "no\udce9.txt"),
    ):
        failed = CliRunner().invoke(main, arguments)
        assert failed.exit_code in (2, 3, 7)
        assert r"\xe9" in failed.stderr
