"""Processes that parse: each piece of work has a limit of time, each process one of memory.

A parser is C and cannot be interrupted, so a process that hangs, grows or dies is ended, another one
begun, and its pieces are tried once more, one by one: what fails alone is told as failed.
"""

from __future__ import annotations

import multiprocessing
import resource
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from time import monotonic
from typing import Any

SECONDS = 30.0
"""Seconds that the work on one item may take."""

MEMORY = 2 << 30
"""Bytes of address space that a process may take besides what it begins with."""

Work = Callable[[Any], Any]
"""What is done with an item; a function of a module, its result can be pickled."""


@dataclass(frozen=True)
class Failed:
    """Why an item has no result: `took too long`, `needed too much memory`, `ended the parser`."""

    reason: str


@dataclass
class _Worker:
    process: SpawnProcess
    connection: Connection
    items: list[int]
    since: float


class ParsePool:
    """Some processes that do one work with items."""

    def __init__(
        self, work: Work, processes: int, seconds: float = SECONDS, memory: int = MEMORY
    ) -> None:
        self._work, self._seconds, self._memory = work, seconds, memory
        self._context = multiprocessing.get_context("spawn")
        self._number = processes

    def results(self, items: Sequence[Any], together: int) -> Iterator[tuple[int, Any]]:
        """Yield the place and the result of each item, `Failed` where there is none, in any order.

        `together` items are handed to a process at once.
        """
        waiting = deque(
            list(range(first, min(first + together, len(items))))
            for first in range(0, len(items), together)
        )
        workers: list[_Worker] = []
        try:
            while waiting or workers:
                while waiting and len(workers) < self._number:
                    workers.append(self._begin())
                    self._hand(workers[-1], items, waiting.popleft())
                ready = wait([one.connection for one in workers], timeout=0.2)
                for worker in list(workers):
                    if worker.connection in ready:
                        yield from self._receive(worker, workers, items, waiting)
                    elif monotonic() - worker.since > self._seconds * len(worker.items):
                        workers.remove(worker)
                        _end(worker)
                        yield from _give_up(worker, waiting, "took too long")
        finally:
            for worker in workers:
                _end(worker)

    def _receive(
        self,
        worker: _Worker,
        workers: list[_Worker],
        items: Sequence[Any],
        waiting: deque[list[int]],
    ) -> Iterator[tuple[int, Any]]:
        """Yield what a process has to say, and hand it more, or end it where there is no more."""
        try:
            answers = worker.connection.recv()
        except (EOFError, OSError):
            workers.remove(worker)
            _end(worker)
            yield from _give_up(worker, waiting, "ended the parser")
            return
        yield from zip(worker.items, answers, strict=True)
        if waiting:
            self._hand(worker, items, waiting.popleft())
        else:
            workers.remove(worker)
            _end(worker)

    def _begin(self) -> _Worker:
        here, there = self._context.Pipe()
        process = self._context.Process(
            target=_run, args=(there, self._work, self._memory), daemon=True
        )
        process.start()
        there.close()
        return _Worker(process, here, [], monotonic())

    def _hand(self, worker: _Worker, items: Sequence[Any], numbers: list[int]) -> None:
        worker.items, worker.since = numbers, monotonic()
        worker.connection.send([items[number] for number in numbers])


def _give_up(
    worker: _Worker, waiting: deque[list[int]], reason: str
) -> Iterator[tuple[int, Failed]]:
    if len(worker.items) == 1:
        yield worker.items[0], Failed(reason)
    else:
        waiting.extend([number] for number in worker.items)


def _end(worker: _Worker) -> None:
    worker.connection.close()
    worker.process.kill()
    worker.process.join()
    worker.process.close()


def _run(connection: Connection, work: Work, memory: int) -> None:
    """Do work with what arrives until nothing more does: the target of a process."""
    _limit(memory)
    while True:
        try:
            items = connection.recv()
        except (EOFError, KeyboardInterrupt):
            return
        answers = []
        for item in items:
            try:
                answers.append(work(item))
            except MemoryError:
                answers.append(Failed("needed too much memory"))
        connection.send(answers)


def _limit(memory: int) -> None:
    if sys.platform != "linux":
        return
    with open("/proc/self/statm") as file:
        begun = int(file.read().split()[0]) * resource.getpagesize()
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    most = begun + memory
    resource.setrlimit(resource.RLIMIT_AS, (most if hard < 0 else min(most, hard), hard))
