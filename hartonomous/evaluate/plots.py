"""Plots of evaluations, drawn without a display."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from hartonomous.errors import BadInput, UsageError
from hartonomous.evaluate.learning_curve import Curve
from hartonomous.evaluate.next_token_evaluation import NextScore
from hartonomous.evaluate.word_similarity import Correlation

FORMATS = (".png", ".pdf", ".svg")


def plot_correlations(rows: Sequence[Correlation], path: Path) -> None:
    """Plot each score's rho with its interval, one panel per list.

    Raises UsageError if matplotlib is not installed or the file ending is unknown.
    """
    lists = list(dict.fromkeys(row.gold for row in rows))
    pyplot = _pyplot(path)
    figure, panels = pyplot.subplots(
        1, len(lists), figsize=(5 * len(lists), 0.4 * len(rows) / len(lists) + 1.2), squeeze=False
    )
    for panel, name in zip(panels[0], lists, strict=True):
        shown = [row for row in rows if row.gold == name][::-1]
        places = range(len(shown))
        panel.barh(
            places,
            [row.rho for row in shown],
            color=["#2a6f97" if row.score == "affinity" else "#a9c5d6" for row in shown],
            xerr=[
                [max(0.0, row.rho - row.low) for row in shown],
                [max(0.0, row.high - row.rho) for row in shown],
            ],
            error_kw={"lw": 1, "ecolor": "#444444"},
        )
        panel.set_yticks(places, [row.score for row in shown])
        panel.set_xlabel("Spearman's rho, 95 % of a bootstrap")
        panel.set_title(f"{name}, {shown[0].pairs} pairs")
    _save(figure, path)


def plot_next(rows: Sequence[NextScore], path: Path) -> None:
    """Plot the top-1 and top-5 agreement of each distribution, with intervals.

    Raises UsageError if matplotlib is not installed or the file ending is unknown.
    """
    pyplot = _pyplot(path)
    figure, panel = pyplot.subplots(figsize=(6, 0.7 * len(rows) + 1.2))
    shown = list(rows)[::-1]
    for shift, name, colour in ((0.2, "top_1", "#2a6f97"), (-0.2, "top_5", "#a9c5d6")):
        values = [getattr(row, name) for row in shown]
        low = [max(0.0, getattr(row, name) - getattr(row, f"{name}_low")) for row in shown]
        high = [max(0.0, getattr(row, f"{name}_high") - getattr(row, name)) for row in shown]
        panel.barh(
            [place + shift for place in range(len(shown))],
            values,
            height=0.36,
            color=colour,
            label=name.replace("_", "-"),
            xerr=[low, high],
            error_kw={"lw": 1, "ecolor": "#444444"},
        )
    panel.set_yticks(range(len(shown)), [row.score for row in shown])
    panel.set_xlabel("agreement with the model's likeliest token, 95 % of a bootstrap")
    panel.set_title(f"{shown[0].places} places")
    panel.legend()
    _save(figure, path)


def _pyplot(path: Path) -> Any:
    if path.suffix.lower() not in FORMATS:
        raise UsageError(f"{path}: the name must end in {', '.join(FORMATS)}.")
    try:
        matplotlib = import_module("matplotlib")
    except ImportError as error:
        raise UsageError("Plots need matplotlib: pip install 'hartonomous[evaluation]'.") from error
    matplotlib.use("agg")
    return import_module("matplotlib.pyplot")


def _save(figure: Any, path: Path) -> None:
    figure.tight_layout()
    try:
        figure.savefig(path, dpi=150)
    except OSError as error:
        raise BadInput(f"{path} cannot be written: {error.strerror}.") from error
    finally:
        import_module("matplotlib.pyplot").close(figure)


def plot_curve(curve: Curve, path: Path) -> None:
    """Plot quality by number of sources, one panel per measure.

    Raises UsageError if matplotlib is not installed or the file ending is unknown.
    """
    measures = list(dict.fromkeys(point.measure for point in curve.points))
    pyplot = _pyplot(path)
    figure, panels = pyplot.subplots(
        1, len(measures), figsize=(4.5 * len(measures), 3.6), squeeze=False
    )
    for panel, measure in zip(panels[0], measures, strict=True):
        for order, colour in (("any order", "#a9c5d6"), ("best first", "#2a6f97")):
            points = [p for p in curve.points if (p.measure, p.order) == (measure, order)]
            counts = [point.sources for point in points]
            panel.plot(counts, [p.value for p in points], "o-", color=colour, label=order)
            panel.fill_between(
                counts, [p.low for p in points], [p.high for p in points], color=colour, alpha=0.25
            )
        panel.set_xticks(range(1, len(curve.best_first) + 1))
        panel.set_xlabel("sources")
        panel.set_title(measure)
    panels[0][0].legend(loc="lower right")
    figure.suptitle("best first: " + ", ".join(curve.best_first), fontsize=9)
    _save(figure, path)
