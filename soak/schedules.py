"""Random schedules of several clients on one managed server, disturbed while they act.

Each client is a person at the command line who owns sources and words of their own and acts on them:
ingest, replace, delete, undo, erase, back up, restore at the end. A disturber stalls and kills
clients, kills the server and the offline import, all of them at once too, in the copy of a store as
well; makes locks look expired, as a clock set forward does; and lets files grow no further, as a full
disk does. A client repeats a command until it is acknowledged. In the end the graph has to be what
the acknowledged acts make of an empty one, byte for byte, and no file may hold an erased word.
"""

from __future__ import annotations

import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from hartonomous.delete.deletion import delete
from hartonomous.delete.selectors import Selectors
from hartonomous.erase.compaction import find_bytes
from hartonomous.errors import HartonomousError
from hartonomous.graph.schema_check import schema_differences
from hartonomous.graph.writer_lock import WriterLock
from hartonomous.server.connection import connect
from hartonomous.server.home import ADMIN
from hartonomous.server.server_process import ENTRY, choose_ports
from hartonomous.transparency.keys import directory
from hartonomous.transparency.transparency_log import verify_log
from tests.building import WORDS, bundle_of, exported, put_in, silent, wipe, write_vectors

PATIENCE = 900.0
"""Seconds after which an act that is not acknowledged counts as lost."""

DISTURBANCES = ("stall", "client", "server", "import", "everything", "clock", "disk")
SMALL_FILE = 96 << 10
"""Bytes to which a client's files may grow where the disk is full for it."""


@dataclass
class Tally:
    """What a run of schedules did and found."""

    schedules: int = 0
    acts: dict[str, int] = field(default_factory=dict)
    disturbances: dict[str, int] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def add(self, which: dict[str, int], name: str) -> None:
        which[name] = which.get(name, 0) + 1


@dataclass
class World:
    """A home, its clients' processes, and what was found wrong."""

    home: Path
    folder: Path
    tally: Tally
    running: dict[int, subprocess.Popen[str]] = field(default_factory=dict)
    full: set[int] = field(default_factory=set)
    quiet: threading.Event = field(default_factory=threading.Event)
    turn: threading.Lock = field(default_factory=threading.Lock)
    ports: tuple[int, int] = field(default_factory=lambda: _free_ports())

    def command(self, client: int, *arguments: object) -> tuple[int, str, str]:
        """Run a command line as a client; return exit code, output, complaint."""
        limited = client in self.full
        self.full.discard(client)
        process = subprocess.Popen(
            [sys.executable, "-c", CLI, *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            preexec_fn=_small_files if limited else None,
        )
        self.running[client] = process
        try:
            output, complaint = process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            output, complaint = process.communicate()
            return 124, output, complaint
        finally:
            self.running.pop(client, None)
        return process.returncode, output, complaint

    def up(self, client: int) -> None:
        """Start the server where it does not run, one client at a time."""
        bolt, http = self.ports
        with self.turn:
            code, _, complaint = self.command(
                client, "up", "--bolt-port", bolt, "--http-port", http, "-q"
            )
        if code > 0:
            sys.stdout.write(f"up: exit {code}: {complaint}")


CLI = "from hartonomous.cli import main; main()"


def _free_ports() -> tuple[int, int]:
    chosen = choose_ports(0, 0)
    return chosen["bolt"], chosen["http"]


def _small_files() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (SMALL_FILE, SMALL_FILE))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)


class Client:
    """One person: what they did, and what should be in the graph for it."""

    def __init__(self, number: int, world: World, seed: int) -> None:
        self.number, self.world = number, world
        self.random = random.Random(seed)
        self.word = f"zqx{number}{seed % 97:02d}canary" + 5 * "abcdefghij"
        self.names = [f"zqx{number}source{letter}{seed % 997}" for letter in "ab"]
        self.live: dict[str, int] = {}
        self.gone: set[int] = set()
        self.deleted: dict[str, int] = {}
        self.word_erased = False
        self.words: list[str] = []

    def model(self, variant: int) -> Path:
        """Return the files of one of the person's models."""
        folder = self.world.folder / f"client-{self.number}-{variant}"
        if not folder.is_dir():
            rng = np.random.default_rng([self.number, variant])
            names = [self.word, *(WORDS[place] for place in rng.permutation(len(WORDS))[:40])]
            write_vectors(folder, names, rng.normal(size=(len(names), 6)))
        return folder / "vectors.npz"

    def act(self) -> None:
        """Do one act that makes sense now, until it is acknowledged."""
        can: list[tuple[str, str]] = []
        fresh = [variant for variant in range(4) if variant not in self.used()]
        for name in self.names:
            if name in self.live:
                can += [("delete", name), ("erase", name), *([("replace", name)] if fresh else [])]
            elif fresh:
                can += [("ingest", name)] * 3
            if name in self.deleted and name not in self.live:
                can += [("undo", name)] * 2
        if self.live and not self.word_erased:
            can.append(("erase word", self.word))
        can.append(("backup", "all"))
        verb, what = self.random.choice(can)
        getattr(self, f"_{verb.replace(' ', '_')}")(what)
        self.world.tally.add(self.world.tally.acts, verb)

    def used(self) -> set[int]:
        return {*self.live.values(), *self.gone, *self.deleted.values()}

    def until_done(self, done: Any, *arguments: object) -> None:
        """Repeat a command until it is acknowledged, or is found to be done after it was disturbed."""
        began, disturbed = time.monotonic(), False
        while time.monotonic() - began < PATIENCE:
            code, _, complaint = self.world.command(self.number, *arguments)
            if code == 0 or (disturbed and code in (3, 4) and done()):
                return
            if code in (5, 6):
                # Also after a kill in the middle of what a check looks at.
                self.world.up(self.number)
            elif (code not in (3, 4, 7, 130) and code >= 0) or (code == 3 and not disturbed):
                self.fault(arguments, code, complaint)
                return
            disturbed = disturbed or code < 0 or code in (5, 6, 7, 130)
            time.sleep(self.random.uniform(0.1, 0.6))
        self.fault(arguments, code, f"not acknowledged: {complaint}")

    def fault(self, arguments: tuple[object, ...], code: int, complaint: str) -> None:
        said = complaint.strip().splitlines()[-1:] or ["nothing"]
        line = f"{' '.join(map(str, arguments))}: exit {code}: {said[0]}"
        self.world.tally.faults.append(line)
        sys.stdout.write(f"FAULT {line}\n{complaint}\n")

    def journal(self, state: str, name: str) -> list[dict[str, Any]]:
        """Return the person's deletions of a source that are in a state, the newest first."""
        for _ in range(60):
            code, output, _ = self.world.command(self.number, "deletions", "--json")
            if code == 0:
                rows = json.loads(output)
                return [r for r in reversed(rows) if r["state"] == state and name in str(r["what"])]
            self.world.up(self.number)
        return []

    def here(self, name: str) -> bool:
        code, _, _ = self.world.command(self.number, "source", name)
        return code == 0

    def _ingest(self, name: str) -> None:
        variant = next(v for v in range(4) if v not in self.used())
        self.until_done(lambda: False, "ingest", self.model(variant), "--as", name, "--k", 5, "-q")
        self.live[name] = variant

    def _replace(self, name: str) -> None:
        variant = next(v for v in range(4) if v not in self.used())
        self.until_done(
            lambda: False, "ingest", self.model(variant), "--replace", name, "--k", 5, "-q"
        )
        self.gone.add(self.live[name])
        self.live[name] = variant

    def _delete(self, name: str) -> None:
        self.until_done(lambda: not self.here(name), "delete", "source", name, "--yes", "-q")
        self.deleted[name] = self.live.pop(name)

    def _undo(self, name: str) -> None:
        found = self.journal("done", name)
        if not found:
            self.fault(("undo", name), 3, "an acknowledged deletion is not kept")
            return
        self.until_done(lambda: self.here(name), "undo", found[0]["id"], "-q")
        self.live[name] = self.deleted.pop(name)

    def _erase(self, name: str) -> None:
        self.until_done(lambda: not self.here(name), "erase", "source", name, "--yes", "-q")
        # Also out of what an earlier deletion of that name kept.
        self.gone.add(self.live.pop(name))
        if name in self.deleted:
            self.gone.add(self.deleted.pop(name))

    def _erase_word(self, word: str) -> None:
        self.until_done(self._unknown, "erase", "concept", word, "--yes", "-q")
        self.word_erased = True

    def _unknown(self) -> bool:
        code, _, _ = self.world.command(self.number, "neighbours", self.word)
        return code == 3

    def _backup(self, _: str) -> None:
        file = self.world.folder / f"client-{self.number}.backup"
        began = time.monotonic()
        while time.monotonic() - began < PATIENCE:
            code, _, complaint = self.world.command(self.number, "backup", file, "--force", "-q")
            if code in (0, 3):
                return
            if code == 5:
                self.world.up(self.number)
            elif code > 0 and code not in (4, 7, 130):
                self.fault(("backup",), code, complaint)
                return
            time.sleep(0.3)


class Disturber(threading.Thread):
    """Stops and ends processes of a world at random moments, some times."""

    def __init__(self, world: World, seed: int) -> None:
        super().__init__(daemon=True)
        self.world, self.random = world, random.Random(seed)
        self.left = self.random.choice([0, 1, 1, 2, 2, 3, 4])

    def run(self) -> None:
        while self.left and not self.world.quiet.wait(self.random.uniform(0.3, 9.0)):
            kind = self.random.choice(DISTURBANCES)
            if getattr(self, f"_{kind}")():
                self.left -= 1
                self.world.tally.add(self.world.tally.disturbances, kind)

    def _victims(self) -> list[int]:
        return [process.pid for process in list(self.world.running.values())]

    def _stall(self) -> bool:
        victims = self._victims()
        if not victims:
            return False
        victim = self.random.choice(victims)
        with suppress(ProcessLookupError):
            os.kill(victim, signal.SIGSTOP)
            self.world.quiet.wait(self.random.choice([1, 3, 8, 50]))
            os.kill(victim, signal.SIGCONT)
        return True

    def _client(self) -> bool:
        victims = self._victims()
        return bool(victims) and _kill(self.random.choice(victims))

    def _server(self) -> bool:
        return any([_kill(pid) for pid in java_of(self.world.home, ENTRY)])

    def _import(self) -> bool:
        return any([_kill(pid) for pid in java_of(self.world.home, ADMIN)])

    def _everything(self) -> bool:
        found = [*self._victims(), *java_of(self.world.home, ENTRY)]
        found += java_of(self.world.home, ADMIN)
        return any([_kill(pid) for pid in found])

    def _clock(self) -> bool:
        with suppress(HartonomousError), connect() as graph:
            return bool(
                graph.write(
                    "MATCH (l:Lock) WHERE l.token IS NOT NULL "
                    "SET l.expires = l.expires - duration('PT1H') RETURN l.name AS name"
                )
            )
        return False

    def _disk(self) -> bool:
        self.world.full.add(self.random.choice([0, 1]))
        return True


def _kill(pid: int) -> bool:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
        return True
    return False


def java_of(home: Path, entry: str) -> list[int]:
    """Return the processes of Java that work on a home, by what they run."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            line = process.cmdline()
            if entry in line and any(str(home) in part for part in line):
                found.append(process.pid)
    return found


@dataclass(frozen=True)
class Size:
    """How long a schedule may be."""

    clients: int = 3
    acts: int = 4


LONGEST = Size()


def run_schedule(world: World, seed: int, most: Size) -> None:
    """Run one schedule on an empty graph and look at what it left."""
    chosen = random.Random(seed)
    world.quiet.clear()
    count = min(chosen.choice([2, 2, 3]), most.clients)
    clients = [Client(n, world, seed) for n in range(count)]
    acts = [min(chosen.randint(2, 4), most.acts) for _ in clients]
    threads = [
        threading.Thread(target=_act, args=(client, count), daemon=True)
        for client, count in zip(clients, acts, strict=True)
    ]
    disturber = Disturber(world, seed)
    for thread in (*threads, disturber):
        thread.start()
    for thread in threads:
        thread.join()
    world.quiet.set()
    disturber.join()
    before = len(world.tally.faults)
    _finish(world, clients)
    if chosen.random() < 0.3 and any(client.live for client in clients):
        _through_a_backup(world, clients)
    look(world, clients)
    if len(world.tally.faults) > before:
        sys.stdout.write(f"schedule {seed} left a graph that is not what it should be\n")
    world.tally.schedules += 1


def _act(client: Client, count: int) -> None:
    try:
        for _ in range(count):
            client.act()
    except Exception as error:
        client.fault(("soak",), 1, repr(error))
        raise


def _finish(world: World, clients: list[Client]) -> None:
    """Finish what a kill left, as a person would who is told so by doctor."""
    world.full.clear()
    for arguments in (("up", "-q"), ("erase", "--resume", "-q"), ("rate", "-q")):
        code, _, complaint = world.command(0, *arguments)
        if code:
            clients[0].fault(arguments, code, complaint)


def _through_a_backup(world: World, clients: list[Client]) -> None:
    """Back the graph up, purge the home and restore it, the restore killed once."""
    file = world.folder / "whole.backup"
    steps: list[tuple[object, ...]] = [("backup", file, "--force", "-q"), ("purge", "--yes", "-q")]
    for arguments in steps:
        code, _, complaint = world.command(0, *arguments)
        if code:
            clients[0].fault(arguments, code, complaint)
            return
    world.up(0)
    killer = threading.Timer(
        random.uniform(1.0, 4.0), lambda: [_kill(p.pid) for p in [*world.running.values()]]
    )
    killer.start()
    clients[0].until_done(lambda: False, "restore", file, "-q")
    killer.cancel()
    world.tally.add(world.tally.acts, "restore")


def look(world: World, clients: list[Client]) -> None:
    """Compare the graph with what the acknowledged acts make of an empty one, and look for words."""
    faults = world.tally.faults
    erased = [client.word for client in clients if client.word_erased]
    with connect() as graph:
        found = exported(graph)
        faults += [f"log: {one}" for one in verify_log(graph).findings if "another log" not in one]
        faults += schema_differences(graph)
        left = graph.read("MATCH (d:Deletion) WHERE d.verb = 'erase' RETURN d.state AS state")
        faults += [f"an erasure is {r['state']}" for r in left if r["state"] != "compacted"]
        for place in (world.home, directory()):
            faults += [f"{text} stands in {file}" for file, text in find_bytes(place, erased)]
        stores = sorted(each.name for each in world.home.glob("data*"))
        faults += [] if stores == ["data"] else [f"stores left: {stores}"]
        wipe(graph)
        with tempfile.TemporaryDirectory(dir=world.folder) as scratch:
            for client in clients:
                for name, variant in sorted(client.live.items()):
                    bundle = bundle_of(client.model(variant), Path(scratch) / name)
                    put_in(graph, bundle, name)
        there = "\n".join(exported(graph))
        wanted = [word for word in erased if word in there]
        if wanted:
            with WriterLock(graph, "soak") as lock:
                delete(graph, lock, Selectors(concepts=tuple(wanted)), silent)
        expected = exported(graph)
        if found != expected:
            differing = sorted({*found} ^ {*expected})
            faults.append(
                f"the graph differs from what the acknowledged acts make in {len(differing)} lines, "
                f"first {differing[0][:200]}"
            )


def fresh(world: World) -> None:
    """Purge the home and its keys, and start an empty graph."""
    world.command(0, "purge", "--yes", "-q")
    shutil.rmtree(f"{world.home}-keys", ignore_errors=True)
    world.up(0)


def run_beside(count: int, minutes: float, seed: int, workers: int) -> Tally:
    """Run schedules as `run` does, several at once in processes and homes of their own."""
    shares = [len(range(place, count, workers)) for place in range(workers)]
    whole = Tally()
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        runs = [
            pool.submit(run, share, minutes, seed + place, workers)
            for place, share in enumerate(shares)
        ]
        for one in (each.result() for each in runs):
            whole.schedules += one.schedules
            whole.acts = dict(Counter(whole.acts) + Counter(one.acts))
            whole.disturbances = dict(Counter(whole.disturbances) + Counter(one.disturbances))
            whole.faults += one.faults
    return whole


def run(count: int, minutes: float, seed: int, step: int = 1, most: Size = LONGEST) -> Tally:
    """Run so many schedules, or as many as so many minutes allow; return what they found.

    Their seeds are `step` apart.
    """
    until = time.monotonic() + 60 * minutes
    with tempfile.TemporaryDirectory(prefix="hartonomous-schedules-") as scratch:
        os.environ |= {
            "HARTONOMOUS_HOME": str(Path(scratch) / "home"),
            "HARTONOMOUS_HEAP": "600m",
            "HARTONOMOUS_PAGECACHE": "128m",
        }
        world = World(Path(scratch) / "home", Path(scratch), Tally())
        try:
            for number in range(0, count * step, step):
                if time.monotonic() > until:
                    break
                fresh(world)
                for stale in world.folder.glob("client-*"):
                    shutil.rmtree(stale) if stale.is_dir() else stale.unlink()
                faults = len(world.tally.faults)
                run_schedule(world, seed + number, most)
                sys.stdout.write(f"{seed + number}: {world.tally.faults[faults:] or 'sound'}\n")
                sys.stdout.flush()
        finally:
            world.command(0, "purge", "--yes", "-q")
    return world.tally


def section(tally: Tally, seed: int) -> str:
    """Return what a run did and found, for the page."""
    text = (
        f"Seed {seed}: {tally.schedules} random schedules of two or three clients on one managed "
    )
    text += (
        "server. After each, the graph is compared byte for byte with one that performed only the "
    )
    text += (
        "acknowledged acts; all files of the home and the keys are searched for erased words; log, "
    )
    text += f"schema and journals are verified. Faults: {len(tally.faults)}.\n\n"
    for title, counted in (("act", tally.acts), ("disturbance", tally.disturbances)):
        text += f"| {title} | times |\n| --- | --- |\n"
        text += "".join(f"| {name} | {count} |\n" for name, count in sorted(counted.items())) + "\n"
    return text + "".join(f"* {fault}\n" for fault in tally.faults)
