"""The command line: within this process, by Click's runner, or in a process of its own.

A process takes a second longer. It is for what only a process shows: start-up, signals, pipes,
streams, exit codes as a shell sees them.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner, Result

from hartonomous.cli import main

HARTONOMOUS = str(Path(sys.executable).with_name("hartonomous"))


def run(*arguments: object, **environment: str) -> Result:
    """Run a command within this process."""
    given = [str(argument) for argument in arguments]
    return CliRunner().invoke(main, given, env=environment, prog_name="hartonomous")


def failed(code: int, *arguments: object, **environment: str) -> str:
    """Run what must fail with this code; return the complaint, which is no traceback."""
    done = run(*arguments, **environment)
    assert done.exit_code == code, done.output
    assert "Traceback" not in done.stderr
    return done.stderr


def run_process(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a process of its own, which has nothing to read."""
    return subprocess.run(
        [HARTONOMOUS, *map(str, arguments)],
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
