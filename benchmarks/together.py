"""MiniLM whole, GloVe and WordLlama in one graph: time, memory, ratings, affinity, and quality."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path

from benchmarks.measuring import Figure, seconds
from benchmarks.serving import bench
from hartonomous.ask.relations.affinity import affinity
from hartonomous.ask.relations.neighbourhood import neighbours
from hartonomous.ask.relations.word_rows import find_words
from hartonomous.evaluate.word_similarity import Correlation, Evaluation, evaluate, gensim_pairs
from hartonomous.extract.extraction import ExtractOptions, open_model
from hartonomous.extract.importer_protocol import OpenOptions
from hartonomous.extract.word_matrix import WordVectors
from hartonomous.graph.driver import Graph
from hartonomous.operations.ingestion import ingest, rate
from hartonomous.server.managed_server import ServerAddress
from tests import models
from tests.building import silent

GLOVE_WORDS = 60_000
PAIRS = 1_000
SHOWN = ("king", "bank", "doctor", "river")
BARS = {"WordSim-353": (0.79, 0.02), "SimLex-999": (0.51, 0.015)}
"""By list: the least rho of affinity over all pairs, and the least gain over the best single track."""

INGEST = """
import json, resource, sys, time
from pathlib import Path
from hartonomous.extract.extraction import ExtractOptions, open_model
from hartonomous.extract.importer_protocol import ALL, OpenOptions
from hartonomous.operations.ingestion import ingest
from hartonomous.graph.driver import Address, Graph
began = time.perf_counter()
with Graph(Address(sys.argv[1], "neo4j", sys.argv[2])) as graph:
    opened = open_model(sys.argv[3], OpenOptions(tracks=frozenset({ALL})))
    ingest(graph, opened, ExtractOptions(), "minilm", Path(sys.argv[4]), lambda *done: None)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"seconds": time.perf_counter() - began, "megabytes": peak}))
"""


def run() -> list[Figure]:
    with bench() as given:
        return _measure(given.graph, given.address, given.scratch)


def _measure(graph: Graph, address: ServerAddress, scratch: Path) -> list[Figure]:
    figures = fill(graph, address, scratch)
    figures += [_rating(graph), *_affinity(graph)]
    return [*figures, *_quality(graph), *_lists(graph)]


def fill(graph: Graph, address: ServerAddress, scratch: Path) -> list[Figure]:
    """Ingest the three models, and return the figures of MiniLM."""
    figures = _whole_minilm(address, scratch)
    others = {
        "glove": (models.GLOVE, OpenOptions(models.GLOVE_WORDS, None, GLOVE_WORDS)),
        "wordllama": (models.WORDLLAMA, OpenOptions(models.WORDLLAMA_TOKENIZER)),
    }
    for name, (path, options) in others.items():
        model = open_model(str(path), options)
        ingest(graph, model, ExtractOptions(), name, scratch / "cache", silent)
    return figures


def _whole_minilm(address: ServerAddress, scratch: Path) -> list[Figure]:
    command = [sys.executable, "-c", INGEST, address.uri, address.password]
    command += [str(models.MINILM), str(scratch / "cache")]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found = json.loads(done.stdout)
    minutes, peak = found["seconds"] / 60, found["megabytes"]
    what = "MiniLM whole (embedding, layers, heads), file to rated graph"
    return [
        Figure(what, f"{minutes:.1f} min", "-", "at most 8 min", minutes <= 8),
        Figure(
            "client's memory meanwhile", f"{peak:,.0f} MB", "-", "at most 4,000 MB", peak <= 4000
        ),
    ]


def _rating(graph: Graph) -> Figure:
    pairs: list[int] = []
    took = seconds(lambda: pairs.append(rate(graph, silent, everything=True).pairs))
    evidence = graph.read("MATCH (t:Track) RETURN sum(t.rows) AS rows")[0]["rows"]
    speed = pairs[0] / took
    return Figure(
        f"re-rating everything, {evidence:,} evidence edges",
        f"{speed:,.0f} pairs/s",
        f"{pairs[0]:,} pairs in {took:.0f} s",
        "50,000/s over at least 4,000,000",
        speed >= 50_000 and evidence >= 4_000_000,
    )


def _affinity(graph: Graph) -> list[Figure]:
    known = sorted(find_words(graph, (w for g in gensim_pairs() for p in g.words for w in p)))
    chosen = random.Random(0)
    pairs = [tuple(chosen.sample(known, 2)) for _ in range(PAIRS)]
    for first, second in pairs[:50]:
        affinity(graph, first, second)
    taken = sorted(seconds(lambda p=pair: affinity(graph, *p)) for pair in pairs)  # type: ignore[misc]
    median, late = 1000 * taken[PAIRS // 2], 1000 * taken[int(0.99 * PAIRS)]
    return [
        Figure("affinity of two words, median", f"{median:.1f} ms", "-", "10 ms", median <= 10),
        Figure("affinity of two words, 99th of 100", f"{late:.1f} ms", "-", "10 ms", late <= 10),
    ]


def _quality(graph: Graph) -> list[Figure]:
    dense = WordVectors(open_model(str(models.MINILM), OpenOptions()))
    result = evaluate(graph, gensim_pairs(), {"dense MiniLM": dense})
    figures = []
    for name, (least, gain) in BARS.items():
        rows = {row.score: row for row in result.correlations if row.gold == name}
        figures.append(_reached(name, rows["affinity"], least))
        figures += [_gained(name, result, rows, gain), _observed(name, rows)]
    return figures


def _reached(name: str, row: Correlation, least: float) -> Figure:
    return Figure(
        f"{name}, affinity, all {row.pairs} pairs",
        f"{row.rho:.3f} [{row.low:.3f}, {row.high:.3f}]",
        f"{row.covered} pairs known",
        f"at least {least}",
        row.rho >= least,
    )


def _gained(name: str, result: Evaluation, rows: dict[str, Correlation], least: float) -> Figure:
    tracks = {score: row for score, row in rows.items() if " " in score and "," not in score}
    tracks.pop("dense MiniLM")
    best = max(tracks, key=lambda score: tracks[score].rho)
    over = {gain.over: gain for gain in result.gains if gain.gold == name}
    single, dense = over[best], over["dense MiniLM"]
    return Figure(
        f"{name}, affinity's gain",
        f"{single.gain:+.3f} [{single.low:+.3f}, {single.high:+.3f}] over {best}",
        f"{dense.gain:+.3f} [{dense.low:+.3f}, {dense.high:+.3f}] over dense MiniLM",
        f"at least {least} over the best track, above dense MiniLM",
        single.gain >= least and dense.gain > 0,
    )


def _observed(name: str, rows: dict[str, Correlation]) -> Figure:
    ours, elo = rows["consensus, related"], rows["elo, related"]
    return Figure(
        f"{name}, direct consensus on the {ours.covered} related pairs",
        f"{ours.rho_covered:.3f}",
        f"elo {elo.rho_covered:.3f}",
        "far above elo",
        ours.rho_covered >= elo.rho_covered + 0.1,
    )


def _lists(graph: Graph) -> list[Figure]:
    figures = []
    for word in SHOWN:
        ours, elos = (
            " ".join(row["neighbour"] for row in neighbours(graph, word, 10, by))
            for by in ("consensus", "elo")
        )
        figures.append(Figure(f"ten nearest of {word}", ours, f"by elo: {elos}", "-", None))
    return figures
