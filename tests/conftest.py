"""One real Neo4j per test run, on its own ports and home, gone afterwards even after a kill."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from hartonomous.delete import removal_executor, row_restoration
from hartonomous.graph.driver import Graph
from hartonomous.server.connection import connect_managed
from hartonomous.server.managed_server import ServerAddress, running_address, start
from tests.building import wipe
from tests.models import require
from tests.needs import imports_libraries, needs
from tests.private_server import private_server
from tests.seed import SEED


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    config.option.hypothesis_seed = str(SEED)
    # Servers of tests live for minutes: Java's second compiler costs them more than it gives.
    os.environ.setdefault("JDK_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Where no test of models is wanted, what cannot be read without their libraries is not read."""
    unwanted = "not models" in config.option.markexpr and collection_path.suffix == ".py"
    return True if unwanted and imports_libraries(collection_path) else None


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark a test by what it needs."""
    for name in needs(item):
        item.add_marker(name)


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("models"):
        require()


def pytest_report_header() -> str:
    return f"seed: {SEED} (HARTONOMOUS_TEST_SEED={SEED} repeats this run)"


@pytest.fixture(autouse=True)
def _no_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test reads the person's own server or home."""
    for name in ("NEO4J_URI", "NEO4J_USERNAME", "NEO4J_PASSWORD", "NEO4J_DATABASE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HARTONOMOUS_HOME", str(tmp_path / "no-server-here"))
    monkeypatch.delenv("HARTONOMOUS_KEYS", raising=False)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(SEED)


@pytest.fixture(scope="session")
def home() -> Iterator[Path]:
    """The home of the run's server; the tests that need it fail where it cannot be had."""
    with private_server("1500m", "512m") as home:
        yield home


@pytest.fixture(scope="session")
def server(home: Path) -> ServerAddress:
    """The run's server."""
    return _running(home)


@pytest.fixture(scope="session")
def second_home() -> Iterator[Path]:
    """The home of another server, which tests may stop, kill and start."""
    with private_server("700m", "256m") as home:
        yield home


@pytest.fixture
def second_server(second_home: Path) -> ServerAddress:
    """The other server, running."""
    return start(second_home, say=lambda text: None)


@pytest.fixture
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Removals and undos in steps of few rows, as tests.killed_processes does them."""
    monkeypatch.setattr(removal_executor, "ROWS", 40)
    monkeypatch.setattr(row_restoration, "ROWS", 40)


def _running(home: Path) -> ServerAddress:
    address = running_address(home)
    assert address is not None
    return address


@pytest.fixture(scope="session")
def _connected(server: ServerAddress) -> Iterator[Graph]:
    with connect_managed(server) as graph:
        yield graph


@pytest.fixture
def graph(_connected: Graph) -> Graph:
    """An empty, prepared graph."""
    wipe(_connected)
    return _connected


@pytest.fixture
def served(
    graph: Graph, server: ServerAddress, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Graph:
    """An empty graph that commands find through NEO4J_URI."""
    monkeypatch.setenv("NEO4J_URI", server.uri)
    monkeypatch.setenv("NEO4J_PASSWORD", server.password)
    monkeypatch.setenv("HARTONOMOUS_CACHE", str(tmp_path / "cache"))
    return graph


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that copy stores and start servers, so that no worker ends alone with one."""
    slow = {
        item.path
        for item in items
        if "second_home" in getattr(item, "fixturenames", ()) or item.get_closest_marker("lengthy")
    }
    items.sort(key=lambda item: item.path not in slow)
