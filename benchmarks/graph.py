"""File to rated graph, asking, deleting; each beside the obvious way in the same run."""

from __future__ import annotations

import json
import random
import statistics
import subprocess
import sys
from pathlib import Path

import neo4j
from gensim.models import KeyedVectors

from benchmarks.measuring import Figure, seconds
from benchmarks.serving import bench
from hartonomous.ask.relations.neighbourhood import neighbours
from hartonomous.bundle import Bundle
from hartonomous.delete.deletion import delete_source
from hartonomous.extract.extraction import ExtractOptions, extract, open_model
from hartonomous.extract.importer_protocol import OpenOptions
from hartonomous.graph.driver import Graph
from hartonomous.graph.writer_lock import WriterLock
from hartonomous.load.loader import go_live, load
from hartonomous.rate.rating_pass import rate_due, schedule
from hartonomous.server.managed_server import ServerAddress
from hartonomous.transparency.transparency_log import Entry
from tests import models
from tests.building import silent, wipe

ROUNDS = 3
WORDS = 2_000
PLAIN_ROWS, BULK_ROWS = 2_000, 20_000
GLOVE_WORDS = 50_000

INGEST = """
import json, resource, sys, time
from pathlib import Path
from hartonomous.extract.extraction import ExtractOptions, open_model
from hartonomous.extract.importer_protocol import OpenOptions
from hartonomous.operations.ingestion import ingest
from hartonomous.graph.driver import Address, Graph
began = time.perf_counter()
with Graph(Address(sys.argv[1], "neo4j", sys.argv[2])) as graph:
    opened = open_model(sys.argv[3], OpenOptions())
    ingest(graph, opened, ExtractOptions(), "minilm", Path(sys.argv[4]), lambda *done: None)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"seconds": time.perf_counter() - began, "megabytes": peak}))
"""


def run() -> list[Figure]:
    with bench() as given:
        return _measure(given.graph, given.address, given.scratch)


def _measure(graph: Graph, address: ServerAddress, scratch: Path) -> list[Figure]:
    figures = _file_to_graph(graph, address, scratch)
    bundles = {
        "minilm": _bundle(str(models.MINILM), OpenOptions(), scratch / "minilm"),
        "glove": _bundle(str(models.GLOVE), OpenOptions(models.GLOVE_WORDS, None, GLOVE_WORDS), scratch / "glove"),
    }  # fmt: skip
    figures += _loading_and_rating(graph, address, bundles["minilm"])
    figures += _asking(graph)
    return figures + _deleting(graph, bundles["glove"])


def _bundle(path: str, options: OpenOptions, output: Path) -> Bundle:
    return extract(open_model(path, options), ExtractOptions(), output, silent)


def _file_to_graph(graph: Graph, address: ServerAddress, scratch: Path) -> list[Figure]:
    runs = []
    for _ in range(ROUNDS):
        wipe(graph)
        command = [sys.executable, "-c", INGEST, address.uri, address.password]
        done = subprocess.run(
            [*command, str(models.MINILM), str(scratch / "cache")],
            check=True,
            capture_output=True,
            text=True,
        )
        runs.append(json.loads(done.stdout))
    took = statistics.median(run["seconds"] for run in runs)
    peak = max(run["megabytes"] for run in runs)
    return [
        Figure("MiniLM, file to rated graph", f"{took:.1f} s", "-", "at most 60 s", took <= 60),
        Figure(
            "client's memory meanwhile", f"{peak:.0f} MB", "-", "at most 1,500 MB", peak <= 1500
        ),
    ]


def _loading_and_rating(graph: Graph, address: ServerAddress, bundle: Bundle) -> list[Figure]:
    rows = sum(track.rows for track in bundle.tracks)
    loaded, rated = [], []
    for _ in range(ROUNDS):
        wipe(graph)
        with WriterLock(graph, "bench") as lock:
            loaded.append(rows / seconds(lambda: load(graph, lock, bundle, "minilm", silent)))
            schedule(graph, lock, "minilm")
            go_live(graph, lock, "minilm", Entry("ingest"))
            rated.append(rows / seconds(lambda: rate_due(graph, lock, silent)))
    load_rate, rate_rate = statistics.median(loaded), statistics.median(rated)
    plain, bulk = _plain_rate(address, bundle), _py2neo_rate(address, bundle)
    return [
        Figure(
            "loading evidence, all properties and indexes",
            f"{load_rate:,.0f} edges/s",
            f"a MERGE per row {plain:,.0f}/s ({load_rate / plain:.0f} times), "
            f"py2neo bulk {bulk:,.0f}/s ({load_rate / bulk:.1f} times)",
            "60,000/s",
            load_rate >= 60_000,
        ),
        Figure(
            "rating, elo and consensus",
            f"{rate_rate:,.0f} pairs/s",
            "-",
            "50,000/s",
            rate_rate >= 50_000,
        ),
    ]


def _sample(bundle: Bundle, rows: int) -> list[dict[str, object]]:
    keys = bundle.compositions()["key"].to_pylist()
    batch = next(iter(bundle.evidence(bundle.tracks[0], rows))).to_pylist()
    return [{**row, "start": keys[row["start"]], "end": keys[row["end"]]} for row in batch]


_MERGE = """
MATCH (a:Composition {key: $start}) MATCH (b:Composition {key: $end})
MERGE (a)-[e:EMBEDDING_EVIDENCE {source: 'plain'}]->(b)
SET e.n = $n, e.directed = $directed, e.weight = $weight, e.rank = $rank, e.support = $support,
    e.positions = $positions
"""


def _plain_rate(address: ServerAddress, bundle: Bundle) -> float:
    """Return edges a second of the obvious way: one MERGE a row."""
    rows = _sample(bundle, PLAIN_ROWS)
    auth = (address.username, address.password)
    with neo4j.GraphDatabase.driver(address.uri, auth=auth) as driver, driver.session() as session:
        return len(rows) / seconds(lambda: [session.run(_MERGE, row).consume() for row in rows])


def _py2neo_rate(address: ServerAddress, bundle: Bundle) -> float:
    """Return edges a second of py2neo's bulk call, in batches of the same size as ours."""
    from py2neo import Graph as Py2neoGraph
    from py2neo.bulk import create_relationships

    remote = Py2neoGraph(address.uri, auth=(address.username, address.password))
    names = ("n", "directed", "weight", "rank", "support", "positions")
    data = [
        (row["start"], {"source": "py2neo", **{name: row[name] for name in names}}, row["end"])
        for row in _sample(bundle, BULK_ROWS)
    ]
    ends = ("Composition", "key")

    def work() -> None:
        for first in range(0, len(data), 10_000):
            part = data[first : first + 10_000]
            create_relationships(
                remote.auto(), part, "EMBEDDING_EVIDENCE", start_node_key=ends, end_node_key=ends
            )

    return len(data) / seconds(work)


def _asking(graph: Graph) -> list[Figure]:
    model = open_model(str(models.MINILM), OpenOptions())
    texts = model.vocabulary.compositions["text"].to_pylist()
    vectors = KeyedVectors(model.tracks[0].dimensions)
    vectors.add_vectors(texts, model.tracks[0].vectors(0))
    words = random.Random(0).sample([text for text in texts if not text.startswith("##")], WORDS)
    for word in words[:100]:
        neighbours(graph, word)
        vectors.most_similar(word)
    ours = sorted(seconds(lambda w=word: neighbours(graph, w)) for word in words)
    theirs = sorted(seconds(lambda w=word: vectors.most_similar(w)) for word in words)
    median, late = 1000 * ours[WORDS // 2], 1000 * ours[int(0.99 * WORDS)]
    return [
        Figure(
            "neighbours of a random word, median",
            f"{median:.2f} ms",
            f"gensim most_similar {1000 * theirs[WORDS // 2]:.2f} ms",
            "at most 4 ms",
            median <= 4,
        ),
        Figure(
            "neighbours of a random word, 99th of 100",
            f"{late:.2f} ms",
            f"gensim most_similar {1000 * theirs[int(0.99 * WORDS)]:.2f} ms",
            "at most 20 ms",
            late <= 20,
        ),
    ]


def _deleting(graph: Graph, bundle: Bundle) -> list[Figure]:
    rates, pairs = [], []
    for _ in range(ROUNDS):
        with WriterLock(graph, "bench") as lock:
            load(graph, lock, bundle, "glove", silent)
            schedule(graph, lock, "glove")
            go_live(graph, lock, "glove", Entry("ingest"))
            rate_due(graph, lock, silent)
            reports = []
            took = seconds(lambda: reports.append(delete_source(graph, lock, "glove", silent)))  # noqa: B023
        rates.append(reports[0].removed / took)
        pairs.append((reports[0].lost + reports[0].kept + reports[0].shifted) / took)
    rate = statistics.median(rates)
    return [
        Figure(
            "deleting a source, everything re-rated",
            f"{rate:,.0f} edges/s ({statistics.median(pairs):,.0f} pairs/s)",
            "-",
            "40,000/s",
            rate >= 40_000,
        )
    ]
