"""Operations that measure the graph, its sources and candidate models: evaluate, advise, trial."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from hartonomous.ask.generation.next_token_model import NextTokenModel
from hartonomous.bundle import Bundle, is_bundle, read_bundle
from hartonomous.evaluate import ablation, advice
from hartonomous.evaluate.ablation import Trial
from hartonomous.evaluate.advice import Advice
from hartonomous.evaluate.analogies import AnalogyScore, evaluate_analogies, read_questions
from hartonomous.evaluate.learning_curve import Curve, gain_curve
from hartonomous.evaluate.next_token_evaluation import NextEvaluation, evaluate_next
from hartonomous.evaluate.plots import plot_correlations, plot_curve, plot_next
from hartonomous.evaluate.source_contribution import Contribution, contributions
from hartonomous.evaluate.word_similarity import (
    Evaluation,
    GoldPairs,
    evaluate,
    gensim_pairs,
    gold_if_there,
    read_pairs,
)
from hartonomous.extract.extraction import (
    describe_source,
    extract_cached,
    forecast,
    open_model,
)
from hartonomous.extract.importer_protocol import OpenedModel, OpenOptions, declared_options
from hartonomous.extract.input_texts import Texts
from hartonomous.extract.position_sample import sample_positions
from hartonomous.extract.word_matrix import WordVectors
from hartonomous.graph.driver import Graph
from hartonomous.load.bundle_cache import UNNAMED, use_bundle
from hartonomous.operations.model_request import ModelRequest
from hartonomous.progress import Progress, Say, unheard, unseen

MOST_WORDS = 100_000
MOST_POSITIONS = 12
"""Most words and positions of a model under advice; larger ones are sampled without `whole`."""


def gold_pairs(files: Sequence[Path] = ()) -> list[GoldPairs]:
    """Return scored word pairs: those of files, by default gensim's lists.

    Raises as `word_similarity.read_pairs` and `gensim_pairs` say.
    """
    return [read_pairs(file) for file in files] if files else gensim_pairs()


def dense_vectors(models: Sequence[str], whole: bool = False) -> dict[str, WordVectors]:
    """Return models' dense vectors for comparison, by their name in the report; of `whole` words
    alone, or of any spelt with pieces.
    """
    return {
        f"vectors of {Path(model).name}": WordVectors(open_model(model, OpenOptions()), whole)
        for model in models
    }


def evaluate_pairs(
    graph: Graph,
    gold: Sequence[GoldPairs],
    beside: dict[str, WordVectors],
    plot: Path | None = None,
) -> Evaluation:
    """Evaluate the graph's scores against human judgements of word pairs.

    `plot` is a PNG, PDF or SVG file for the scores.
    """
    result = evaluate(graph, gold, beside)
    if plot is not None:
        plot_correlations(result.correlations, plot)
    return result


def evaluate_questions(
    graph: Graph,
    questions: Path | None,
    beside: dict[str, WordVectors],
    most: int = 300,
    progress: Progress = unseen,
) -> list[AnalogyScore]:
    """Evaluate the graph's analogies on the questions of a file, by default those that gensim has."""
    return evaluate_analogies(graph, read_questions(questions), beside, most, progress)


def evaluate_text(
    graph: Graph,
    model: str,
    texts: Texts,
    sources: Sequence[str] = (),
    plot: Path | None = None,
    progress: Progress = unseen,
    say: Say = unheard,
) -> NextEvaluation:
    """Compare the next-token distribution of the graph, or of some sources, with a causal model's.

    Unread files are reported to `say`.
    """
    for file in texts.unread:
        say(f"Not read: {file.reason}")
    expecting = NextTokenModel(graph, only_sources=sources or None)
    opened = open_model(model, OpenOptions(tracks=frozenset({"next"})))
    keys = opened.vocabulary.compositions["key"].to_pylist()
    read = opened.counted[0].read(texts.paragraphs, progress)
    result = evaluate_next(expecting, keys, read)
    if plot is not None:
        plot_next(result.scores, plot)
    return result


def trial(graph: Graph, name: str, gold: Sequence[GoldPairs], progress: Progress = unseen) -> Trial:
    """Measure the consensus with and without a source; return both with a verdict."""
    return ablation.trial(graph, name, gold, progress)


def advise_model(
    graph: Graph,
    request: ModelRequest,
    whole: bool = False,
    progress: Progress = unseen,
    say: Say = unheard,
) -> Advice:
    """Return advice whether to ingest a model or a bundle; nothing is written to the graph.

    A large model is sampled, unless `whole`. The bundle of a whole model is kept for an ingest into
    this graph.
    """
    if is_bundle(Path(request.model)):
        return advice.advise(graph, read_bundle(Path(request.model)), gold_if_there(), [], None)
    opened, sample, expected = _sampled(request, whole)
    with _extracted(graph, opened, request, bool(sample), progress, say) as bundle:
        rows = sum(track.rows for track in bundle.tracks)
        evidence = expected if sample else rows
        return advice.advise(graph, bundle, gold_if_there(), sample, evidence)


def advise_sources(graph: Graph) -> list[Contribution]:
    """Return the contribution of each source of the graph."""
    return contributions(graph, gold_if_there())


def write_curve(graph: Graph, path: Path, progress: Progress = unseen) -> Curve:
    """Return quality by number of sources, and write it as JSON, PNG, PDF or SVG, by the suffix."""
    curve = gain_curve(graph, gold_if_there(), progress)
    if path.suffix.lower() == ".json":
        path.write_text(json.dumps(asdict(curve), indent=2) + "\n", "utf-8")
    else:
        plot_curve(curve, path)
    return curve


def _sampled(request: ModelRequest, whole: bool) -> tuple[OpenedModel, list[str], int]:
    """Return a model or a sample of it, the sample's description, and the evidence edges of the whole."""
    sample: list[str] = []
    opened = request.opened
    expected = forecast(opened, request.search)["evidence_edges"]
    if not whole:
        limited_by = [one.importer for one in declared_options().get("limit", ())]
        if len(opened.vocabulary) > MOST_WORDS and opened.importer in limited_by:
            sample = [f"the first {MOST_WORDS:,} of {len(opened.vocabulary):,} words"]
            limited = request.opening.changed(limit=MOST_WORDS)
            opened = open_model(request.model, limited, request.importer)
        opened, positions = sample_positions(opened, MOST_POSITIONS)
        sample += positions
    return opened, sample, expected


@contextmanager
def _extracted(
    graph: Graph,
    opened: OpenedModel,
    request: ModelRequest,
    sampled: bool,
    progress: Progress,
    say: Say,
) -> Iterator[Bundle]:
    """Give the bundle of a model; that of a whole model is kept for an ingest into this graph."""
    source = describe_source(opened, request.search)
    with use_bundle(graph, source, None, "advice on the same model", say) as place:
        yield extract_cached(opened, request.search, place.folder, progress)
        if sampled or place.graph == UNNAMED:
            place.remove()
