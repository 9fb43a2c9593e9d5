"""The wheel alone, in a fresh virtual environment without development tools, from another folder."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
UV = str(Path(sys.executable).with_name("uv"))


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment that holds the built wheel and its own dependencies, as pinned."""
    place = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(place)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = place.glob("*.whl")
    subprocess.run([UV, "venv", "-q", "--python", sys.executable, str(place / "venv")], check=True)
    pins = place / "pins.txt"
    pins.write_text(
        re.sub(r" \\\n(?:    --hash=\S+(?: \\)?\n)+", "\n", (ROOT / "requirements.txt").read_text())
    )
    python = place / "venv" / "bin" / "python"
    subprocess.run(
        [UV, "pip", "install", "-q", "--python", str(python), "-c", str(pins), str(wheel)],
        check=True,
    )
    return place / "venv" / "bin"


def run(*command: str) -> str:
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "VIRTUAL_ENV"))}
    done = subprocess.run(command, cwd="/", env=clean, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_wheel_alone_has_everything(installed: Path) -> None:
    assert "neighbours" in run(str(installed / "hartonomous"), "--help")
    listed = run(str(installed / "hartonomous"), "importers")
    assert all(name in listed for name in ("gguf", "huggingface", "numpy", "word-vectors"))
    probe = (
        "from hartonomous.graph.cypher_files import names, statement;"
        "from hartonomous.server.jars import poms_digest;"
        "poms_digest(); print(len([statement(name).text for name in names()]))"
    )
    here = len(list((ROOT / "cypher").rglob("*.cypher")))
    assert run(str(installed / "python"), "-c", probe).strip() == str(here)
    assert (
        "No module named"
        in subprocess.run(
            [str(installed / "python"), "-c", "import pytest"],
            capture_output=True,
            text=True,
            check=False,
        ).stderr
    )
