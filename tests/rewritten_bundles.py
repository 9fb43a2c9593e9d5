"""Bundles as other versions wrote them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pyarrow.parquet as pq

from hartonomous.bundle import Bundle, read_bundle
from hartonomous.identity import content_digest, file_digest
from hartonomous.schema import evidence_type


def of_format_1(bundle: Bundle, output: Path) -> Bundle:
    """Return the bundle as the version before odds were stated wrote it."""
    shutil.copytree(bundle.path, output)
    manifest = json.loads((output / "manifest.json").read_text("utf-8"))
    del manifest["digest"]
    manifest["format"] = 1
    for track in manifest["tracks"]:
        del track["total"]
        evidence = evidence_type(track["evidence"])
        if evidence.silence:
            continue
        track["trust"] = 0
        file = output / f"{track['evidence']}.parquet"
        pq.write_table(pq.read_table(file).drop(sorted(evidence.later)), file)
        manifest["files"][file.name] = file_digest(file)
    manifest["digest"] = content_digest("bundle", manifest)
    (output / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    return read_bundle(output)
