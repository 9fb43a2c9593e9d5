"""Soak test: random acts with clients and servers killed, compared with an undisturbed graph.

HARTONOMOUS_SOAK_MINUTES (10) is divided among the parts; two of them continue until they have compared
200 times. Then HARTONOMOUS_SOAK_SCHEDULES (300) schedules of several clients run (schedules.py), two at
a time, none started after HARTONOMOUS_SOAK_SCHEDULE_MINUTES (no limit).
HARTONOMOUS_TEST_SEED repeats a run, HARTONOMOUS_SOAK_PARTS=schedules runs that part alone.
"""

from __future__ import annotations

import os
import random
import re
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil

from hartonomous.bundle import Bundle
from hartonomous.delete import removal_executor
from hartonomous.delete.deletion import delete_source, resume
from hartonomous.delete.deletion_plan import plan
from hartonomous.errors import NotFound
from hartonomous.graph.driver import Graph
from hartonomous.graph.writer_lock import WriterLock
from hartonomous.server.connection import connect_managed
from hartonomous.server.managed_server import purge, start, status
from soak import schedules
from tests.building import exported, put_in, random_bundle, silent, wipe
from tests.histories import History, run_history
from tests.predicted_deletions import check_prediction, random_selectors

PAGE = Path(__file__).parents[1] / "docs" / "soak.md"
MINUTES = float(os.environ.get("HARTONOMOUS_SOAK_MINUTES", "10"))
MANY = 200
"""Least number of removal histories and of predictions that a run compares."""

LENGTH = 6
SCHEDULES = int(os.environ.get("HARTONOMOUS_SOAK_SCHEDULES", "300"))
SCHEDULE_MINUTES = float(os.environ.get("HARTONOMOUS_SOAK_SCHEDULE_MINUTES", "inf"))
AT_ONCE = 2
SEED = int(os.environ.get("HARTONOMOUS_TEST_SEED", secrets.randbelow(2**31)))
SOURCES = 4

ACT = """
import os, sys
from pathlib import Path
from hartonomous.bundle import read_bundle
from hartonomous.delete import removal_executor
from hartonomous.delete.deletion import delete_source
from hartonomous.operations.ingestion import load_bundle
from hartonomous.load import loader
from hartonomous.rate import rating_pass
from hartonomous.graph.driver import Address, Graph
from hartonomous.graph.writer_lock import WriterLock
loader.BATCH_ROWS = rating_pass.STARTS = removal_executor.ROWS = 20
act, name, path = sys.argv[1:4]
none = lambda *done: None
with Graph(Address(os.environ["URI"], "neo4j", os.environ["PASSWORD"])) as graph:
    print("begin", flush=True)
    if act == "delete":
        with WriterLock(graph, "soak") as lock:
            delete_source(graph, lock, name, none)
    else:
        load_bundle(graph, read_bundle(Path(path)), name, none, act == "replace")
"""


@dataclass
class Tally:
    """Counts of one part, which continues until it has compared `least` times."""

    what: str
    least: int = 1
    acts: int = 0
    kills: int = 0
    compared: int = 0
    different: int = 0


class World:
    """A graph, its expected content, and acts on both."""

    def __init__(self, home: Path, folder: Path) -> None:
        self.home, self.folder = home, folder
        self.random = random.Random(SEED)
        self.live: dict[str, int] = {}
        self.bundles: list[Bundle] = [
            random_bundle(folder, seed, size=110, k=8) for seed in range(2 * SOURCES)
        ]
        self.connect()
        self.graph.write("MATCH (g:State) SET g.settled = true")

    def connect(self) -> None:
        self.address = start(self.home, say=silent_say, **self.ports())
        self.graph: Graph = connect_managed(self.address)
        wipe(self.graph) if not self.live else None

    def ports(self) -> dict[str, int]:
        known = getattr(self, "address", None)
        if known is None:
            return {}
        browser = known.browser.split(":")[2].split("/")[0]
        return {"bolt_port": int(known.uri.rsplit(":", 1)[1]), "http_port": int(browser)}

    def choose(self) -> tuple[str, str, int]:
        """Return an act, the source it is about, and the bundle the source then has."""
        number = self.random.randrange(SOURCES)
        name = f"s{number}"
        if name not in self.live:
            return "put", name, number
        act = self.random.choice(["delete", "replace"])
        other = number + SOURCES if self.live[name] < SOURCES else number
        return act, name, other

    def rate_due(self, act: str, name: str, bundle: int) -> None:
        """Complete an act, however far it got, and record the expected content."""
        with WriterLock(self.graph, "soak") as lock:
            resume(self.graph, lock, silent)
        if act == "delete":
            if self.graph.read("MATCH (s:Source {name: $name}) RETURN s.name AS name", name=name):
                with WriterLock(self.graph, "soak") as lock:
                    delete_source(self.graph, lock, name, silent)
            self.live.pop(name, None)
        else:
            put_in(self.graph, self.bundles[bundle], name, replace=act == "replace")
            self.live[name] = bundle

    def process(self, act: str, name: str, bundle: int) -> subprocess.Popen[str]:
        """Start an act in a separate process, which may be killed."""
        process = subprocess.Popen(
            [sys.executable, "-c", ACT, act, name, str(self.bundles[bundle].path)],
            env={**os.environ, "URI": self.address.uri, "PASSWORD": self.address.password},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        process.stdout.readline()
        return process

    def compare(self, tally: Tally) -> None:
        """Compare the graph with one that ingested only the live sources."""
        found = exported(self.graph)
        wipe(self.graph)
        for name, bundle in sorted(self.live.items()):
            put_in(self.graph, self.bundles[bundle], name)
        tally.compared += 1
        tally.different += found != exported(self.graph)


def silent_say(text: str) -> None:
    """Say nothing."""


def histories(world: World, tally: Tally) -> None:
    """Some undisturbed acts."""
    for _ in range(world.random.randrange(2, 7)):
        world.rate_due(*world.choose())
        tally.acts += 1
    world.compare(tally)


def killed_clients(world: World, tally: Tally) -> None:
    """Kill the client of an act, and repeat the act."""
    act, name, bundle = world.choose()
    process = world.process(act, name, bundle)
    time.sleep(world.random.uniform(0.0, 1.2))
    process.kill()
    tally.kills += process.wait() != 0
    process.communicate()
    finish(world, act, name, bundle)
    tally.acts += 1
    world.compare(tally)


def killed_servers(world: World, tally: Tally) -> None:
    """Kill the server during an act; the client waits for its restart and continues."""
    act, name, bundle = world.choose()
    process = world.process(act, name, bundle)
    time.sleep(world.random.uniform(0.0, 0.8))
    server = psutil.Process(status(world.home).pid)
    server.kill()
    server.wait()
    tally.kills += 1
    world.graph.close()
    world.live.setdefault(name, bundle)
    world.connect()
    process.communicate(timeout=120)
    finish(world, act, name, bundle)
    tally.acts += 1
    world.compare(tally)


def removals(world: World, tally: Tally) -> None:
    """Ingest, delete by every selector, undo in any order, erase and roll back; then compare."""
    rng = np.random.default_rng(world.random.getrandbits(32))
    wipe(world.graph)
    world.live.clear()
    history = History(world.graph)
    with tempfile.TemporaryDirectory(dir=world.folder) as folder:
        run_history(history, Path(folder), rng, acts=LENGTH)
        # The last one is the rollback.
        tally.acts += LENGTH + 1
        found = exported(world.graph)
        history.replay()
    tally.compared += 1
    tally.different += found != exported(world.graph)
    wipe(world.graph)


def predictions(world: World, tally: Tally) -> None:
    """Compare every predicted row, count and rating of a random plan with a random graph."""
    rng = np.random.default_rng(world.random.getrandbits(32))
    wipe(world.graph)
    world.live.clear()
    for number in rng.permutation(len(world.bundles))[: int(rng.integers(1, 5))].tolist():
        put_in(world.graph, world.bundles[number], f"s{number}")
    selectors = random_selectors(world.graph, rng)
    tally.acts += 1
    try:
        if plan(world.graph, selectors, silent).summary["counts"]["evidence"]:
            tally.compared += 1
            check_prediction(world.graph, selectors)
    except NotFound:
        pass
    except AssertionError as error:
        sys.stdout.write(f"{selectors}: {error}\n")
        tally.different += 1
    wipe(world.graph)


def finish(world: World, act: str, name: str, bundle: int) -> None:
    """Complete a disturbed act; a replacement may already have swapped its versions."""
    rows = world.graph.read("MATCH (s:Source) RETURN s.name AS name, s.digest AS digest")
    digests = {row["name"]: row["digest"] for row in rows}
    if act == "replace" and name not in digests:
        act = "put"
    world.rate_due(act, name, bundle)


def main() -> None:
    chosen = os.environ.get("HARTONOMOUS_SOAK_PARTS", "histories,schedules").split(",")
    bad = False
    if "histories" in chosen:
        bad = run_histories()
    if "schedules" in chosen:
        tally = schedules.run_beside(SCHEDULES, SCHEDULE_MINUTES, SEED, AT_ONCE)
        renew("Schedules", schedules.section(tally, SEED))
        bad = bad or bool(tally.faults)
    sys.exit(bad)


def run_histories() -> bool:
    """Run the parts with one client each; return whether any graph differed from the expected one."""
    parts: list[tuple[Callable[[World, Tally], None], Tally]] = [
        (histories, Tally("random histories of ingest, delete and replace")),
        (
            removals,
            Tally("histories of ingest, every kind of delete, undo, erase and rollback", MANY),
        ),
        (
            predictions,
            Tally("plans executed; every row and rating compared with the prediction", MANY),
        ),
        (killed_clients, Tally("client killed (SIGKILL) during an act, act repeated")),
        (killed_servers, Tally("server killed (SIGKILL) during an act, restarted")),
    ]
    with tempfile.TemporaryDirectory(prefix="hartonomous-soak-") as scratch:
        # Retained deletions are stored there too.
        os.environ["HARTONOMOUS_HOME"] = str(Path(scratch) / "home")
        removal_executor.ROWS = 20
        world = World(Path(scratch) / "home", Path(scratch))
        try:
            for part, tally in parts:
                until = time.monotonic() + 60 * MINUTES / len(parts)
                while time.monotonic() < until or tally.compared < tally.least:
                    part(world, tally)
                    if tally.compared % 20 == 0:
                        sys.stdout.write(f"{tally}\n")
                        sys.stdout.flush()
                # After each part, so that a failure of a later one loses no results.
                renew("Histories", section([tally for _, tally in parts if tally.acts]))
        finally:
            world.graph.close()
            purge(world.home)
    return any(tally.different for _, tally in parts)


def renew(name: str, text: str) -> None:
    """Replace the section of this name in the page."""
    known = PAGE.read_text("utf-8") if PAGE.is_file() else ""
    sections = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", known, re.MULTILINE | re.DOTALL))
    sections[name] = f"\n{text}"
    whole = "<!-- Made by `make soak`. -->\n\n# Soak\n"
    whole += "".join(f"\n## {one}\n\n{part.strip()}\n" for one, part in sorted(sections.items()))
    PAGE.write_text(whole, "utf-8")


def section(tallies: list[Tally]) -> str:
    text = f"Seed {SEED}, at least {MINUTES:g} minutes. After each history or disturbed act, the canonical "
    text += "export is compared byte for byte with the export of a graph that ingested only the remaining "
    text += "sources.\n\n| test | acts | kills | comparisons | differences |\n| --- | --- | --- | --- | --- |\n"
    for t in tallies:
        text += f"| {t.what} | {t.acts} | {t.kills} | {t.compared} | {t.different} |\n"
    return text


if __name__ == "__main__":
    main()
