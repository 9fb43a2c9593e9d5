"""How well the graph follows what people say of word pairs."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from hartonomous.cli.asking import open_graph
from hartonomous.cli.output import json_option, print_json, print_rows, quiet_option, say


@click.command(
    epilog="""\b
Example:
  hartonomous evaluate
  hartonomous evaluate --pairs my-pairs.tsv --dense ./all-MiniLM-L6-v2 \\
    --plot scores.png
"""
)
@click.option(
    "--pairs",
    multiple=True,
    type=click.Path(path_type=Path),
    help="File of word, word, score, instead of the lists of gensim.",
)
@click.option("--dense", multiple=True, help="Model whose vectors to set beside.")
@click.option(
    "--plot", type=click.Path(path_type=Path), help="PNG, PDF or SVG to draw the scores into."
)
@json_option
@quiet_option
def evaluate(
    pairs: tuple[Path, ...], dense: tuple[str, ...], plot: Path | None, as_json: bool, quiet: bool
) -> None:
    """How well affinity, consensus, elo, single tracks and vectors follow
    what people say of word pairs: Spearman's rho, with 95 % of a bootstrap.
    """
    from hartonomous.ask.evaluating import evaluate as run
    from hartonomous.ask.evaluating import gensim_pairs, read_pairs
    from hartonomous.extract.extracting import open_model
    from hartonomous.extract.importing import OpenOptions
    from hartonomous.extract.wording import WordVectors

    gold = [read_pairs(path) for path in pairs] if pairs else gensim_pairs()
    beside = {
        f"vectors of {Path(model).name}": WordVectors(open_model(model, OpenOptions()))
        for model in dense
    }
    with open_graph() as graph:
        result = run(graph, gold, beside)
    if plot is not None:
        from hartonomous.ask.plotting import plot_correlations

        plot_correlations(result.correlations, plot)
        say(f"Drawn into {plot}.", quiet)
    if as_json:
        print_json(asdict(result))
        return
    rows = [asdict(row) for row in result.correlations]
    for row in rows:
        row["interval"] = f"{row['low']:.3f} to {row['high']:.3f}"
    columns = {
        "gold": "list",
        "score": "score",
        "covered": "pairs",
        "rho": "rho",
        "interval": "95 %",
        "rho_covered": "of covered",
    }
    print_rows(rows, columns)
