"""The last handler: an error that nobody foresaw, told in a line, with its details in a file."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
import traceback
from importlib.metadata import version

FAULT = 70
"""Exit code of a fault of the program itself (EX_SOFTWARE of sysexits.h)."""


def open_streams() -> None:
    """Give output that was closed before the program began somewhere to go."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115


def report_fault(error: Exception) -> int:
    """Write the details of an error to a file of the person's own, say where, and return FAULT."""
    said = f"{type(error).__name__}: {error}".splitlines()[0][:300]
    line = f"Error: internal error, {said}"
    try:
        handle, path = tempfile.mkstemp(prefix="hartonomous-fault-", suffix=".txt")
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(f"hartonomous {version('hartonomous')}, Python {sys.version}\n")
            file.write(f"{platform.platform()}\n{sys.argv}\n\n")
            traceback.print_exception(error, file=file)
        line += f" Details are in {path}; please report it with them."
    except OSError:
        # Where nothing can be written the line alone has to do.
        pass
    with_lines = line.encode("utf-8", "backslashreplace").decode("utf-8")
    try:
        sys.stderr.write(with_lines + "\n")
        sys.stderr.flush()
    except (OSError, ValueError):
        pass
    return FAULT
