"""Compaction: copies the live rows of a managed server's store, so that no deleted data remains.

The writer's lock, and the lock of the home, are held from before the first row is read until the
copy answers. Rows are read from a read-only server; the copy is verified by an unpublished one; a
kill at any moment leaves the old store or the new one (store_swap.py).
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from hartonomous.errors import Conflict, HartonomousError, ServerError, VerificationFailed
from hartonomous.graph.cypher_files import query
from hartonomous.graph.deletion_journal import COMPACTED, COMPACTING, ERASED
from hartonomous.graph.driver import Address, Graph
from hartonomous.graph.writer_lock import WriterLock
from hartonomous.progress import Advance, Progress, Say
from hartonomous.server import store_swap
from hartonomous.server.exclusive_server import exclusive_server
from hartonomous.server.home import default_home, memory_settings
from hartonomous.server.jars import explained
from hartonomous.server.managed_server import (
    ServerAddress,
    ports_of,
    running_address,
    start_held,
    stop_held,
    turn_of,
)
from hartonomous.server.store_copy import (
    Rows,
    complete,
    copy_schema,
    digest_of,
    import_rows,
    schema_statements,
    write_rows,
)
from hartonomous.transparency.inventory_record import inventoried

HANDOVER = 600
"""Seconds for which the lock in a copy is valid, until its holder reaches it on the server's own
ports.
"""

ROOM = 2.2
"""Free space needed, in sizes of the store: its rows as text, and its copy."""

SMALLEST_CANARY = 4
_CHUNK = 8 << 20


def managed_home(graph: Graph) -> Path | None:
    """Return the home of the managed server of a connection; None for any other server."""
    managed = running_address(default_home())
    return default_home().resolve() if managed and managed.uri == graph.address.uri else None


def check_room(home: Path) -> None:
    """Raise ServerError unless there is room to copy the store; to be called before anything is
    erased.
    """
    store = sum(file.stat().st_size for file in _files(store_swap.data(home) / "databases"))
    needed = int(ROOM * store) + (64 << 20)
    free = shutil.disk_usage(home).free
    if free < needed:
        raise ServerError(
            f"An erasure copies the store, which needs {needed >> 20:,} MiB at {home}, and "
            f"{free >> 20:,} MiB are free. Nothing was erased. Make room, then run the same "
            "command again."
        )


def compaction_due(graph: Graph) -> bool:
    """Return whether an erasure is complete whose data may remain in the store's freed space."""
    return bool(graph.read(query("delete/count_states"), states=[ERASED, COMPACTING])[0]["count"])


def compact(home: Path, graph: Graph, lock: WriterLock, say: Say, progress: Progress) -> None:
    """Copy the store of a home, replace the store by the copy, and continue with `graph` on it.

    Its stages are "copying", "importing" and "comparing". Every erasure in the journal is
    `compacted` afterwards. On failure the old store is served again, erasures stay `compacting`,
    and the next start or 'erase --resume' repeats it. Raises Conflict if another writer took the
    lock, ServerError for lack of room or a failed import, VerificationFailed if the copy differs.
    """
    home = home.resolve()
    say("Copying the store, so that no erased data remains in it.")
    lock.write(query("delete/move_states"), states=[ERASED, COMPACTING], to=COMPACTING)
    with turn_of(home, "copying the store after an erasure", say):
        ports = ports_of(home)
        if ports is None:
            raise ServerError(
                "The server was stopped meanwhile; 'hartonomous up' copies the store."
            )
        with lock.unrenewed(), _served_again(home, graph, ports, say), explained(home):
            stop_held(home)
            _copy(home, lock, say, progress)


def make_up(home: Path, graph: Graph, say: Say, progress: Progress) -> None:
    """Copy the store if an erasure's copy is due, as every start does; report a failure."""
    if not compaction_due(graph):
        return
    say("An erasure is done, but the store was not copied since.")
    try:
        check_room(home)
        with (
            WriterLock(graph, "copying the store after an erasure") as lock,
            inventoried(graph),
        ):
            compact(home, graph, lock, say, progress)
    except HartonomousError as error:
        say(f"The store could not be copied now: {error} The next 'hartonomous up' tries again.")


@contextmanager
def _served_again(home: Path, graph: Graph, ports: tuple[int, int], say: Say) -> Iterator[None]:
    """In any case, serve the home's server again at the end, with its former memory and, if free,
    its former ports.
    """
    memory = memory_settings(home / "conf")
    try:
        yield
    finally:
        address = _start(home, ports, memory, say)
        graph.move(Address(address.uri, address.username, address.password, graph.address.database))
        graph.verify()


def _start(home: Path, ports: tuple[int, int], memory: dict[str, str], say: Say) -> ServerAddress:
    try:
        return start_held(home, *ports, say, memory)
    except ServerError as error:
        address = start_held(home, 0, 0, say, memory)
        say(f"{error} The server is at {address.browser} now.")
        return address


def _copy(home: Path, lock: WriterLock, say: Say, progress: Progress) -> None:
    """Copy the store and replace it by the copy, or leave everything as it was."""
    store_swap.begin(home)
    try:
        rows, statements = _read(home, lock, say, partial(progress, "copying"))
        progress("importing", 0, 1)
        _write(home, rows)
        progress("importing", 1, 1)
        _verify(home, lock, rows, statements, say, partial(progress, "comparing"))
    except BaseException:
        store_swap.abandon(home)
        raise
    store_swap.replace(home)


def _read(home: Path, lock: WriterLock, say: Say, progress: Advance) -> tuple[Rows, list[str]]:
    """Return the rows of the store, to which nobody can commit now, and its schema."""
    with exclusive_server(home, store_swap.data(home), say, read_only=True) as graph:
        if not graph.read(query("graph/check_lock"), token=lock.token):
            raise Conflict(
                "This writer was suspended so long that another took its lock; nothing was "
                "copied. Run the same command again."
            )
        return write_rows(graph, store_swap.workplace(home), progress), schema_statements(graph)


def _write(home: Path, rows: Rows) -> None:
    """Create the successor: everything of the old store except the graph, which comes from its
    rows.
    """
    successor = store_swap.successor(home)
    shutil.copytree(
        store_swap.data(home),
        successor,
        symlinks=True,
        ignore=lambda folder, names: [
            name for name in names if name == "neo4j" and Path(folder).name in _STORES
        ],
    )
    import_rows(home, successor, rows, store_swap.workplace(home))
    # The files contain every word in clear text, and their space may be needed.
    shutil.rmtree(store_swap.workplace(home))


_STORES = ("databases", "transactions")
"""Folders with one folder per database."""


def _verify(
    home: Path,
    lock: WriterLock,
    rows: Rows,
    statements: Iterable[str],
    say: Say,
    progress: Advance,
) -> None:
    """Create the schema in the successor, compare all of it, and close the erasures in it."""
    with exclusive_server(home, store_swap.successor(home), say, read_only=False) as graph:
        copy_schema(statements, graph)
        complete(graph, rows)
        if digest_of(graph, progress) != rows.digest:
            raise VerificationFailed(
                "The copy of the store differs from the store and was discarded."
            )
        graph.write(query("delete/move_states"), states=[ERASED, COMPACTING], to=COMPACTED)
        graph.write(query("graph/renew_lock"), token=lock.token, seconds=HANDOVER)


def find_bytes(folder: Path, canaries: Iterable[str]) -> list[tuple[Path, str]]:
    """Return the files below a folder that contain a text, in UTF-8 or UTF-16, with the text.

    Neo4j packs short texts into fewer bits per letter: only long ones can be found this way.
    """
    wanted = sorted(
        (text, text.encode(code))
        for text in canaries
        if len(text) >= SMALLEST_CANARY
        for code in ("utf-8", "utf-16-le", "utf-16-be")
    )
    found = []
    for file in _files(folder) if wanted else ():
        held = _held(file, {spelt for _, spelt in wanted})
        found += [(file, text) for text, spelt in wanted if spelt in held]
    return found


def _held(file: Path, wanted: set[bytes]) -> set[bytes]:
    """Return the byte strings that a file contains, read in blocks that overlap by the longest."""
    overlap, tail, held = max(map(len, wanted)) - 1, b"", set[bytes]()
    try:
        with file.open("rb") as content:
            while part := content.read(_CHUNK):
                window = tail + part
                held |= {spelt for spelt in wanted - held if spelt in window}
                tail = window[-overlap:]
    except FileNotFoundError:
        # A running server deletes its own files.
        pass
    return held


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())
