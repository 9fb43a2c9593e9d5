"""A source of a million files: the size of its manifest, and the client's memory."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.measuring import Figure

FILES = 1_000_000

BUNDLE = """
import json, resource, sys, time
from dataclasses import replace
from pathlib import Path
import pyarrow as pa
from blake3 import blake3
from hartonomous.bundle import MANIFEST, BundleWriter, OpenedFile, read_bundle
from hartonomous.opened_files import kept_files
from tests.building import random_bundle
folder, count = Path(sys.argv[1]), int(sys.argv[2])
few = random_bundle(folder, 1)
began = time.perf_counter()
files = kept_files(
    OpenedFile(f"pictures/{n % 997:03d}/{n:07d}.jpg", blake3(n.to_bytes(8, "big")).hexdigest(), n)
    for n in range(count)
)
with BundleWriter(folder / "many") as writer:
    writer.write_compositions(few.compositions())
    rows = pa.Table.from_batches(few.evidence(few.tracks[0], 1 << 20))
    writer.write_evidence(few.tracks[0].evidence, iter([rows]))
    many = writer.finish(replace(few.source, files=files), few.tracks)
read = read_bundle(many.path)
assert len(read.source.files) == count
print(json.dumps({
    "seconds": time.perf_counter() - began,
    "manifest": (many.path / MANIFEST).stat().st_size,
    "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
}))
"""


def run() -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="hartonomous-bench-files-") as folder:
        command = [sys.executable, "-c", BUNDLE, folder, str(FILES)]
        root = Path(__file__).parents[1]
        done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=root)
    found = json.loads(done.stdout)
    manifest, peak = found["manifest"], found["megabytes"]
    return [
        Figure(
            f"manifest of a source of {FILES:,} files",
            f"{manifest:,} bytes",
            f"written and read in {found['seconds']:.0f} s",
            "at most 1 MiB",
            manifest <= 1 << 20,
        ),
        Figure(
            "client's memory meanwhile",
            f"{peak:.0f} MB",
            "-",
            "at most 1,500 MB",
            peak <= 1500,
        ),
    ]
