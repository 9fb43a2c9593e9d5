"""Bounded runs: ONNX models that are stopped when a run takes too long, such as a loop without an end."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from threading import Timer
from typing import Any

from hartonomous.errors import BadInput
from hartonomous.extract.files.untrusted_files import shown
from hartonomous.pictures.picture_files import library

LONGEST_RUN = 600.0
"""Seconds of one run, of one picture or a batch of a few; large detectors take ten on a slow machine."""


def run_bounded(path: Path, session: Any, feed: Mapping[str, Any]) -> list[Any]:
    """Return the outputs of a session of the model at `path`.

    The runtime looks between two operators whether it shall stop, so that a loop ends within a turn.
    Raises BadInput for a model that cannot be run, or takes longer than LONGEST_RUN.
    """
    options = library("onnxruntime").RunOptions()
    options.log_severity_level = 4
    stopped = Timer(LONGEST_RUN, setattr, (options, "terminate", True))
    stopped.daemon = True
    stopped.start()
    try:
        return list(session.run(None, dict(feed), options))
    except Exception as error:  # The runtime's errors have no class in common but this.
        if options.terminate:
            raise BadInput(
                f"{path} was stopped after {LONGEST_RUN:,.0f} seconds of one run; it may have a loop "
                "without an end. Export the model without loops."
            ) from error
        said = shown(str(error).strip().partition("\n")[0])
        raise BadInput(f"{path} cannot be run: {said}") from error
    finally:
        stopped.cancel()
