"""What nobody foresaw is told in a line; output that is closed or narrow stops nothing."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from hartonomous.cli import extraction, main
from hartonomous.cli.faults import FAULT

CLI = "from hartonomous.cli import main; main()"


def shell(
    script: str, *arguments: str | bytes, **environment: str
) -> subprocess.CompletedProcess[bytes]:
    """Run a line of the shell in which $H is the command line."""
    return subprocess.run(
        ["sh", "-c", script, "sh", *arguments],
        env={**os.environ, "H": sys.executable, "CLI": CLI, **environment},
        capture_output=True,
        check=False,
    )


def test_a_fault_is_one_line_and_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def broken(*rest: object) -> None:
        raise ZeroDivisionError("nobody\nforesaw it")

    monkeypatch.setattr(extraction, "print_rows", broken)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    result = CliRunner().invoke(main, ["importers"])
    assert (result.exit_code, result.stdout) == (FAULT, "")
    (line,) = result.stderr.splitlines()
    assert "internal error, ZeroDivisionError: nobody" in line
    found = re.search(r"Details are in (\S+);", line)
    assert found is not None
    details = Path(found[1])
    assert details.stat().st_mode & 0o777 == 0o600
    assert "Traceback" in details.read_text() and "broken" in details.read_text()


def test_a_fault_where_nothing_can_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*rest: object, **more: object) -> None:
        raise OSError("full")

    monkeypatch.setattr(extraction, "print_rows", lambda *rest: 1 // 0)
    monkeypatch.setattr("tempfile.mkstemp", broken)
    result = CliRunner().invoke(main, ["importers"])
    assert result.exit_code == FAULT and len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize("closed", [">&-", ">&- 2>&-", "<&-", "| head -c 1"])
def test_streams_that_are_closed(closed: str) -> None:
    done = shell(f'"$H" -c "$CLI" importers {closed}')
    assert (done.returncode, b"Traceback" in done.stderr) == (0, False), done.stderr


@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONIOENCODING": "ascii"},
        {"PYTHONIOENCODING": "iso-8859-1"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    ],
)
def test_what_an_output_lacks_is_shown_by_its_number(
    environment: dict[str, str], tmp_path: Path
) -> None:
    name = os.fsencode(tmp_path) + "/日本-ﬁ ".encode() + b"\xe9.txt"
    done = shell('"$H" -c "$CLI" inspect "$1"', name, **environment)
    assert done.returncode == 3
    assert b"Traceback" not in done.stderr and b"\\xe9.txt" in done.stderr
