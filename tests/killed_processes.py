"""Acts in processes of their own, each killed behind a commit that a test chooses."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

from hartonomous.server.managed_server import ServerAddress

ACT = """
import os, sys
from pathlib import Path
from hartonomous.bundle import read_bundle
from hartonomous.delete import deletion, removal_executor, row_restoration, undo
from hartonomous.erase import erasure
from hartonomous.load import bundle_difference, loader
from hartonomous.operations.ingestion import load_bundle
from hartonomous.proof import claims
from hartonomous.versions import backup
from hartonomous.versions.rollback import plan_rollback
from hartonomous.delete.selectors import Selectors
from hartonomous.versions.snapshots import create_snapshot, drop_snapshot
from hartonomous.graph.driver import Address, Graph
from hartonomous.graph.writer_lock import WriterLock
removal_executor.ROWS = row_restoration.ROWS = 40
loader.BATCH_ROWS, bundle_difference.MOST_DIFFERING = 20, 100.0
act, what, last = sys.argv[1], sys.argv[2], int(sys.argv[3])
commits = 0
class Killed(Graph):
    def _transact(self, work, access):
        global commits
        done = super()._transact(work, access)
        commits += access == "WRITE"
        if commits == last:
            print("killed at", commits, flush=True)
            os.kill(os.getpid(), 9)
        return done
none = lambda *done: None
with Killed(Address(os.environ["URI"], "neo4j", os.environ["PASSWORD"])) as graph:
    if act == "replace":
        load_bundle(graph, read_bundle(Path(what)), "one", none, True)
    with WriterLock(graph, "killed") as lock:
        if act == "undo":
            undo.undo(graph, lock, what, none)
        elif act == "erase":
            erasure.erase(graph, lock, Selectors(sources=tuple(what.split())), erasure.ErasureOptions(Path("none"), none))
        elif act == "certify":
            chosen = Selectors(sources=tuple(what.split()))
            done = erasure.erase(graph, lock, chosen, erasure.ErasureOptions(Path("none"), none, certified=True))
            claims.certify_erasure(graph, lock, done.id)
        elif act == "restore":
            backup.restore(graph, lock, Path(what), none)
        elif act == "delete":
            deletion.delete(graph, lock, Selectors(sources=tuple(what.split())), none)
print("whole", commits, flush=True)
"""


def act(address: ServerAddress, verb: str, what: str, last: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", ACT, verb, what, str(last)],
        env={**os.environ, "URI": address.uri, "PASSWORD": address.password},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def killed_at(address: ServerAddress, verb: str, what: str, last: int) -> bool:
    """Do an act in a process that is killed after so many commits; return whether it was."""
    process = act(address, verb, what, last)
    said, complaint = process.communicate(timeout=300)
    assert process.returncode in (0, -signal.SIGKILL), complaint
    return "killed at" in said
