"""A machine that has only the tools a test gives it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from hartonomous.server import timeouts
from tests.fake_tools import Tools, fake_java, fake_maven


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tools:
    """Return what writes a fake tool; nothing else is on PATH but the shell's."""
    folder = tmp_path / "tools"
    folder.mkdir()
    for name in ("sh", "cat", "sleep", "mkdir", "cp", "echo", "exec"):
        if real := shutil.which(name):
            (folder / name).symlink_to(real)
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("HARTONOMOUS_CACHE", str(tmp_path / "cache"))

    def write(name: str, script: str) -> Path:
        tool = folder / name
        tool.write_text(f"#!{shutil.which('sh')}\n{script}\n")
        tool.chmod(0o755)
        return tool

    return write


@pytest.fixture
def ready(tools: Tools, tmp_path: Path) -> Tools:
    """Fake tools with which everything but the server itself works."""
    fake_maven(tools, tmp_path)
    fake_java(tools, "while :; do sleep 0.2; done")
    return tools


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timeouts, "STANDSTILL", 0.5)
