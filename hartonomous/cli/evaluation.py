"""Evaluation against human judgements of word pairs, and against a causal model's next tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hartonomous.cell_text import printable
from hartonomous.cli.completion import complete_file, complete_source
from hartonomous.cli.neighbourhood import open_graph
from hartonomous.cli.output import (
    json_option,
    print_facts,
    print_json,
    print_measures,
    print_rows,
    progress_bar,
    quiet_option,
    say,
)

if TYPE_CHECKING:
    from hartonomous.evaluate.word_similarity import Correlation


@click.command(
    epilog="""\b
Example:
  hartonomous evaluate
  hartonomous evaluate --pairs my-pairs.tsv --dense ./all-MiniLM-L6-v2 \\
    --plot scores.png
  hartonomous evaluate --analogies --dense ./all-MiniLM-L6-v2
  hartonomous evaluate --next ./SmolLM2-135M --text news.txt
"""
)
@click.option(
    "--pairs",
    multiple=True,
    type=click.Path(path_type=Path),
    help="File of word, word, score; default: gensim's lists.",
)
@click.option(
    "--dense",
    multiple=True,
    shell_complete=complete_file,
    help="Model whose dense vectors are compared.",
)
@click.option(
    "--analogies",
    is_flag=False,
    flag_value="",
    type=str,
    metavar="[FILE]",
    help="Evaluate analogies: file of four words a line; default: gensim's list.",
)
@click.option(
    "--questions",
    default=300,
    show_default=True,
    type=click.IntRange(1),
    help="Analogies drawn from the list.",
)
@click.option(
    "--next",
    "model",
    shell_complete=complete_file,
    help="Causal model to compare with, on --text.",
)
@click.option(
    "--text",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Text for the comparison: file or folder.",
)
@click.option(
    "--source",
    multiple=True,
    shell_complete=complete_source,
    help="With --next, use only these sources.",
)
@click.option(
    "--plot", type=click.Path(path_type=Path), help="Plot the scores to a PNG, PDF or SVG file."
)
@json_option
@quiet_option
def evaluate(
    pairs: tuple[Path, ...],
    dense: tuple[str, ...],
    analogies: str | None,
    questions: int,
    model: str | None,
    text: tuple[Path, ...],
    source: tuple[str, ...],
    plot: Path | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Evaluate scores against human judgements of word pairs.

    Spearman's rho of affinity, consensus, elo, tracks and dense vectors, with
    95 % bootstrap intervals. With --analogies, the share of questions whose
    first answer is right, beside dense vectors. With --next, compare the graph's next-token
    distribution with a causal model's: top-1, top-5, KL divergence in nats,
    perplexity.
    """
    if (model is None) != (not text):
        raise click.UsageError("--next and --text belong together: a model, and a text for it.")
    if model is not None:
        _next(model, text, source, plot, as_json, quiet)
    elif analogies is not None:
        _analogies(Path(analogies) if analogies else None, dense, questions, as_json, quiet)
    else:
        _pairs(pairs, dense, plot, as_json, quiet)


def _next(
    model: str,
    text: tuple[Path, ...],
    source: tuple[str, ...],
    plot: Path | None,
    as_json: bool,
    quiet: bool,
) -> None:
    from hartonomous.extract.input_texts import read_texts
    from hartonomous.operations.measurement import evaluate_text

    texts = read_texts(text)
    with open_graph() as graph, progress_bar(quiet) as progress:
        result = evaluate_text(
            graph, model, texts, source, plot, progress, lambda said: say(printable(said), quiet)
        )
    if plot is not None:
        say(f"Drawn into {plot}.", quiet)
    if as_json:
        print_json(asdict(result))
        return
    print_facts(
        {
            "sources": result.sources,
            "perplexity of the model": result.model_perplexity,
            "share of the text found in stored sequences": result.copied,
        }
    )
    click.echo()
    rows = [asdict(score) for score in result.scores]
    for row in rows:
        for name in ("top_1", "top_5"):
            row[f"{name}_interval"] = f"{row[f'{name}_low']:.3f} to {row[f'{name}_high']:.3f}"
    columns = {
        "score": "expected from",
        "places": "places",
        "top_1": "top-1",
        "top_1_interval": "95 %",
        "top_5": "top-5",
        "top_5_interval": "95 %",
        "divergence": "KL",
        "perplexity": "perplexity",
    }
    print_rows(rows, columns)


def _analogies(
    file: Path | None, dense: tuple[str, ...], most: int, as_json: bool, quiet: bool
) -> None:
    from hartonomous.operations.measurement import dense_vectors, evaluate_questions

    beside = dense_vectors(dense, whole=True)
    with open_graph() as graph, progress_bar(quiet) as progress:
        found = evaluate_questions(graph, file, beside, most, progress)
    rows = [asdict(one) for one in found]
    if as_json:
        print_json(rows)
        return
    shown = [{**row, "interval": f"{row['low']:.3f} to {row['high']:.3f}"} for row in rows]
    columns = {
        "score": "answered by",
        "questions": "questions",
        "words": "of words",
        "right": "right",
        "interval": "95 %",
    }
    print_rows(shown, columns)


def _pairs(
    pairs: tuple[Path, ...], dense: tuple[str, ...], plot: Path | None, as_json: bool, quiet: bool
) -> None:
    from hartonomous.operations.measurement import dense_vectors, evaluate_pairs, gold_pairs

    gold, beside = gold_pairs(pairs), dense_vectors(dense)
    with open_graph() as graph:
        result = evaluate_pairs(graph, gold, beside, plot)
    if plot is not None:
        say(f"Drawn into {plot}.", quiet)
    if as_json:
        print_json(asdict(result))
        return
    rows = [asdict(row) for row in result.correlations]
    columns = {
        "score": "score",
        "covered": "pairs",
        "rho": "rho",
        "rho_covered": "of covered",
    }
    print_measures(rows, columns, ".3f")
    for text in remarks(result.correlations):
        say(text, quiet)


def remarks(correlations: Sequence[Correlation]) -> list[str]:
    """Return, for each list where consensus alone is below affinity, the reason."""
    found = {(one.gold, one.score): one for one in correlations}
    told = []
    for (gold, score), alone in found.items():
        affinity = found.get((gold, "affinity"))
        if score != "consensus, related" or affinity is None:
            continue
        missing = alone.pairs - alone.covered
        if not missing or alone.rho >= affinity.rho:
            continue
        told.append(
            f"{gold}: consensus alone is below affinity because no source lists {missing:,} of the "
            f"{alone.pairs:,} pairs, and it says the same of all of them; affinity tells them apart "
            "by the neighbours their words share."
        )
    return told
