"""Plan files: FILE, canonical JSON for people, and FILE.rows, the folder of rows.

FILE contains the digest of each file of rows and its own; an edited one is refused. Its signature
shows that a key used here wrote it; a plan without one is read, but not trusted.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from hartonomous.atomic_files import atomic, write_private
from hartonomous.bounded_parquet import read_parquet
from hartonomous.delete.deletion_plan import FORMAT, Plan
from hartonomous.delete.place_changes import NUMBERED
from hartonomous.errors import BadInput, Conflict, NotFound, VerificationFailed
from hartonomous.identity import canonical_json, content_digest, file_digest
from hartonomous.transparency.file_signatures import is_ours, sign_file

LARGEST = 64 << 20

KIND = "plan"

_SEALS = frozenset({"digest", "signature"})


def rows_folder(path: Path) -> Path:
    """Return the folder of a plan's rows."""
    return path.with_name(path.name + ".rows")


def plan_digest(summary: dict[str, Any]) -> str:
    """Return the digest of a plan's summary, which contains the digests of its rows."""
    return content_digest("plan", {k: v for k, v in summary.items() if k not in _SEALS})


def write_plan(plan: Plan, path: Path, force: bool = False, kind: str = KIND) -> dict[str, Any]:
    """Write a plan atomically, and return its summary with `files`, `digest` and `signature`.

    The signature is for one `kind` of use, so a file for one use is not accepted for another.
    Raises Conflict if the file exists and `force` is not given, BadInput if it cannot be written.
    """
    if path.exists() and not force:
        raise Conflict(f"{path} already exists; --force overwrites it.")
    rows = rows_folder(path)
    files = {}
    try:
        with atomic(rows) as partial:
            partial.mkdir(parents=True)
            for name, table in plan.tables.items():
                target = partial / f"{name}.parquet"
                pq.write_table(table, target, compression="zstd")
                files[target.name] = file_digest(target)
            path.unlink(missing_ok=True)
            shutil.rmtree(rows, ignore_errors=True)
        summary = {**plan.summary, "files": files}
        summary["digest"] = plan_digest(summary)
        summary["signature"] = sign_file(kind, {"digest": summary["digest"]})
        write_private(path, canonical_json(summary) + "\n")
    except OSError as error:
        raise BadInput(f"{path} cannot be written: {error.strerror or error}.") from error
    return summary


def read_plan(path: Path, kind: str = KIND) -> Plan:
    """Read a plan and check every digest; it is trusted if a key used here signed it.

    Raises NotFound if it does not exist, Conflict if any byte of it has changed.
    """
    if not path.is_file():
        raise NotFound(f"There is no plan at {path}.")
    if path.stat().st_size > LARGEST:
        raise BadInput(f"{path} is larger than {LARGEST} bytes; it is not a plan.")
    try:
        summary = json.loads(path.read_text("utf-8"))
        stated, files = summary["digest"], dict(summary["files"])
        edited = plan_digest(summary) != stated or summary["format"] != FORMAT
        trusted = is_ours(kind, {"digest": stated}, summary.get("signature"))
    except VerificationFailed:
        edited, trusted = True, False
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadInput(f"{path} is not a plan: {error}.") from error
    rows = rows_folder(path)
    tables: dict[str, pa.Table] = {}
    for name, digest in files.items():
        file = rows / name
        sound = Path(name).name == name and file.is_file() and not file.is_symlink()
        if edited or not sound or file_digest(file) != digest:
            edited = True
            break
        tables[name.removesuffix(".parquet")] = read_parquet(file)
    if edited:
        raise Conflict(f"{path} or its rows were changed after planning; plan again.")
    # Plans of earlier versions have no places, nor had their graphs.
    tables.setdefault("places", NUMBERED.empty_table())
    return Plan(summary, tables, trusted)
