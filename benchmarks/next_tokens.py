"""Next tokens of a real causal model: what its ingest costs, and how well the graph expects them.

The longest benchmark by far: every token of SmolLM2 is run alone, and it reads and writes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from gensim.test.utils import datapath

from benchmarks.measuring import Figure, pieces_folder
from benchmarks.serving import bench
from hartonomous.ask.generation.next_token_model import NextTokenModel
from hartonomous.bundle import Bundle
from hartonomous.evaluate.next_token_evaluation import NextScore, evaluate_next
from hartonomous.extract.checkpoints import FinishedWork
from hartonomous.extract.context_counts import ExpectationCounter, Expectations, Listed
from hartonomous.extract.extraction import ExtractOptions, extract, open_model
from hartonomous.extract.importer_protocol import OpenedModel, OpenOptions, ReadText
from hartonomous.extract.input_texts import paragraphs
from hartonomous.graph.driver import Graph
from hartonomous.operations.ingestion import load_bundle
from hartonomous.progress import Progress
from hartonomous.schema import MICRO
from importers.transformers.causal_model import CausalRunner, Observed
from importers.transformers.next_tokens import count_observed
from importers.transformers.transformer_weights import load_transformer
from tests import models
from tests.building import silent, wipe

NEWS = "lee_background.cor"
LICENCE = Path(__file__).parents[1] / "LICENSE"
SAMPLES = 83_000
HELD_ARTICLES = 24
"""Of the half of the news that was not read: about 5,900 places."""

HELD_SAMPLES = 48
WRITTEN_LAST = 1_000_000
"""Numbers of the samples that are held out: far from those that were read."""


def run() -> list[Figure]:
    with bench() as given:
        return measure(given.graph, given.scratch, pieces_folder())


def measure(graph: Graph, scratch: Path, work: Path, samples: int = SAMPLES) -> list[Figure]:
    """Return all figures; pieces of work that stand in `work` already are not run again."""
    read = scratch / "observed.txt"
    news = [line.strip() for line in Path(datapath(NEWS)).read_text("utf-8").splitlines()]
    news = [article for article in news if article]
    observed_news, held = news[: len(news) // 2], news[len(news) // 2 :][:HELD_ARTICLES]
    read.write_text("\n\n".join(observed_news))
    both = _opened(OpenOptions(tracks=frozenset({"next"}), read=(read,), samples=samples))
    extract(both, ExtractOptions(), scratch / "all", silent, work)
    runner = CausalRunner(load_transformer(models.SMOLLM, "cpu"), both.vocabulary)
    # Its own texts as it wrote them: on white space made one, it expects something else.
    written = np.arange(WRITTEN_LAST, WRITTEN_LAST + HELD_SAMPLES)
    texts: dict[str, Callable[[], Iterator[ReadText]]] = {
        "news": lambda: runner.read([*paragraphs("\n\n".join(held))], silent),
        "samples": lambda: runner.read_written(written, silent),
        "licence": lambda: runner.read([*paragraphs(LICENCE.read_text("utf-8"))], silent),
    }
    graphs = {
        "news": OpenOptions(tracks=frozenset({"next"}), read=(read,)),
        "samples": OpenOptions(tracks=frozenset({"next"}), samples=samples),
        "licence": OpenOptions(tracks=frozenset({"next"}), read=(read,), samples=samples),
    }
    figures: list[Figure] = []
    scores: dict[str, dict[str, NextScore]] = {}
    for name, options in graphs.items():
        wipe(graph)
        model = _opened(options)
        began = time.perf_counter()
        bundle = extract(model, ExtractOptions(), scratch / f"bundle-{name}", silent, work)
        load_bundle(graph, bundle, "smollm2", silent)
        took = time.perf_counter() - began
        if name == "news":
            figures += _costs(bundle, took)
        scores[name] = _scores(graph, both, texts[name]())
    wipe(graph)
    hard = _hard(_opened(graphs["news"]), work)
    counted = extract(hard, ExtractOptions(), scratch / "hard", silent, work)
    load_bundle(graph, counted, "hard", silent)
    gap = scores["news"]["contexts"].top_1 - _scores(graph, both, texts["news"]())["contexts"].top_1
    return [*figures, *_quality(scores), _beaten(gap)]


def _opened(options: OpenOptions) -> OpenedModel:
    return open_model(str(models.SMOLLM), options)


def _costs(bundle: Bundle, took: float) -> list[Figure]:
    (track,) = bundle.tracks
    return [
        Figure(
            "SmolLM2's next tokens, all but the forward passes, to the rated graph",
            f"{took:.0f} s, {track.rows:,} edges, {bundle.contexts().num_rows:,} contexts",
            "-",
            "at most 150 s",
            took <= 150,
        )
    ]


def _scores(graph: Graph, model: OpenedModel, read: Iterator[ReadText]) -> dict[str, NextScore]:
    keys = model.vocabulary.compositions["key"].to_pylist()
    return {score.score: score for score in evaluate_next(NextTokenModel(graph), keys, read).scores}


def _hard(model: OpenedModel, work: Path) -> OpenedModel:
    """Return the model with what it read counted by what stood there, not by what it expected.

    The pieces below `work` are those of the very same reading.
    """

    def observe(progress: Progress, finished: FinishedWork) -> Expectations:
        counter = ExpectationCounter(len(model.vocabulary))
        for file in sorted([*work.glob("alone-*.npz"), *work.glob("reading-*.npz")]):
            kept = finished.read(file.stem)
            assert kept is not None
            one = Observed.of(kept)
            alone = file.stem.startswith("alone")
            if not alone:
                one = replace(one, expected=_stood(one.tokens, one.lengths))
            count_observed(counter, one, alone=alone)
        return counter.counted()

    return replace(model, counted=(replace(model.counted[0], observe=observe),))


def _stood(tokens: np.ndarray, lengths: np.ndarray) -> Listed:
    """Return the token behind each place as the only one expected."""
    following = np.append(tokens[1:], -1)
    following[np.cumsum(lengths) - 1] = -1
    there = following >= 0
    bounds = np.concatenate([[0], np.cumsum(there)]).astype(np.int64)
    return Listed(
        bounds,
        following[there].astype(np.int32),
        np.full(int(there.sum()), MICRO, dtype=np.int32),
    )


def _quality(scores: dict[str, dict[str, NextScore]]) -> list[Figure]:
    bars = {
        "news": ("contexts", "held-out news", 0.28, 0.54, 2.95),
        "samples": ("contexts", "held-out samples", 0.31, 0.55, None),
        "licence": ("contexts, text so far", "licence text, never read", 0.23, 0.47, 3.3),
    }
    figures = []
    for name, (way, what, top_1, top_5, most) in bars.items():
        found, first, plain = (scores[name][one] for one in (way, "last token", "contexts"))
        met = found.top_1 >= top_1 and found.top_5 >= top_5
        bar = f"{top_1:.2f} / {top_5:.2f}"
        if most is not None:
            met, bar = met and found.divergence <= most, f"{bar} / {most:.2f}"
        figures.append(
            Figure(
                f"next tokens, {what}: top-1 / top-5 / KL",
                f"{found.top_1:.3f} ({found.top_1_low:.3f}-{found.top_1_high:.3f}) / "
                f"{found.top_5:.3f} ({found.top_5_low:.3f}-{found.top_5_high:.3f}) / "
                f"{found.divergence:.2f}, {found.places:,} places",
                f"by the last token {first.top_1:.3f} / {first.top_5:.3f} / {first.divergence:.2f}, by "
                f"contexts {plain.top_1:.3f} / {plain.top_5:.3f} / {plain.divergence:.2f}",
                bar,
                met,
            )
        )
    return figures


def _beaten(gap: float) -> Figure:
    return Figure(
        "soft counts over counts of what stood there, held-out news, top-1",
        f"{100 * gap:+.1f} points",
        "-",
        "+5 points",
        gap >= 0.05,
    )
