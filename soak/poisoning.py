"""Detection of partly poisoned models: detections and false alarms by threshold.

Real models are spoilt by degrees: a share of the words change places, or words are moved to where
very many others are near. Each is judged by the other two models, as the graph would judge it.
Honest ones are the models themselves, whole and over parts of their words. Writes docs/poisoning.md.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hartonomous.evaluate.pair_sets import PairSet, compare, pair_set
from hartonomous.extract.extraction import open_model
from hartonomous.extract.importer_protocol import OpenOptions
from hartonomous.extract.search.nearest_neighbours import NeighbourOptions, nearest
from hartonomous.rate.hubness import MOST_HUBNESS
from hartonomous.rate.source_agreement import LEAST_LIFT, MOST_APART, Agreement
from tests import models
from tests.planting import with_hubs

DOCS = Path(__file__).parents[1] / "docs"
SEED = 20
ROUNDS = 2
K = 50
GLOVE_WORDS = 30_000
SHARES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
HUBS = (0, 1, 2, 5, 10, 20, 50)
REACH = 1_000
PARTS = (1.0, 0.7, 0.4)
"""Shares of its words that an honest model is judged over."""

APART = (0.10, 0.15, 0.20, 0.25, 0.30, 0.35, 0.40)
HUBNESS = (0.01, 0.02, 0.03, 0.04, 0.05, 0.06)


@dataclass(frozen=True)
class Model:
    """A real model: its words' numbers in a common list, its vectors, and its pairs."""

    name: str
    words: np.ndarray
    vectors: np.ndarray
    pairs: PairSet


@dataclass(frozen=True)
class Judged:
    """What the other two say of one model: the upper median of lifts, the lower of shares apart.

    `apart` is NaN where neither shares enough neighbours with it to tell.
    """

    model: str
    degree: float
    lift: float
    apart: float


def main() -> None:
    models.require()
    rng = np.random.default_rng(SEED)
    opened = list(_models())
    sys.stdout.write("words change places\n")
    shuffled = [row for model in opened for row in _shuffled(model, opened, rng)]
    honest = [row for model in opened for row in _honest(model, opened, rng)]
    sys.stdout.write("hubs\n")
    hubs = [row for model in opened for row in _hubs(model, rng)]
    (DOCS / "poisoning.md").write_text(page(shuffled, honest, hubs), "utf-8")
    _draw(shuffled, honest, hubs, DOCS / "pictures" / "poisoning.png")


def _models() -> Iterator[Model]:
    """Yield the three models over one list of words."""
    found = {
        "minilm": open_model(str(models.MINILM), OpenOptions()),
        "glove": open_model(str(models.GLOVE), OpenOptions(models.GLOVE_WORDS, None, GLOVE_WORDS)),
        "wordllama": open_model(str(models.WORDLLAMA), OpenOptions(models.WORDLLAMA_TOKENIZER)),
    }
    keys = {name: one.vocabulary.compositions["key"].to_pylist() for name, one in found.items()}
    number = {key: place for place, key in enumerate(sorted(set().union(*keys.values())))}
    for name, one in found.items():
        words = np.array([number[key] for key in keys[name]], dtype=np.int64)
        vectors = one.tracks[0].vectors(0)
        sys.stdout.write(f"{name}\n")
        yield Model(name, words, vectors, _pairs(words, vectors, len(number)))


def _pairs(words: np.ndarray, vectors: np.ndarray, size: int) -> PairSet:
    found = nearest(vectors, NeighbourOptions(k=K)).indices.astype(np.int64)
    starts = np.repeat(np.arange(len(words)), found.shape[1])
    there = found.ravel() >= 0
    return pair_set(size, [(words[starts[there]], words[found.ravel()[there]])])


def _judged(name: str, degree: float, pairs: PairSet, others: list[Model]) -> Judged:
    said: list[Agreement] = [compare(name, pairs, "~" + o.name, o.pairs) for o in others]
    lifts = sorted(one.lift for one in said if one.lift is not None)
    apart = sorted(one.apart for one in said if one.apart is not None)
    middle = apart[(len(apart) - 1) // 2] if apart else float("nan")
    return Judged(name, degree, lifts[len(lifts) // 2] / 1000, middle)


def _shuffled(model: Model, opened: list[Model], rng: np.random.Generator) -> Iterator[Judged]:
    """Yield the model with more and more words in each other's places: its pairs renamed."""
    others = [other for other in opened if other is not model]
    low, high = np.divmod(model.pairs.pairs, model.pairs.size)
    for share in SHARES:
        for _ in range(ROUNDS):
            renamed = np.arange(model.pairs.size)
            chosen = rng.choice(model.words, round(share * len(model.words)), replace=False)
            renamed[chosen] = rng.permutation(chosen)
            spoilt = pair_set(model.pairs.size, [(renamed[low], renamed[high])])
            yield _judged(model.name, share, spoilt, others)


def _honest(model: Model, opened: list[Model], rng: np.random.Generator) -> Iterator[Judged]:
    """Yield the model over parts of its words."""
    others = [other for other in opened if other is not model]
    for part in PARTS:
        for _ in range(ROUNDS):
            known = np.zeros(model.pairs.size, dtype=bool)
            known[rng.choice(model.words, round(part * len(model.words)), replace=False)] = True
            pairs = model.pairs.among(known)
            kept = PairSet(model.pairs.size, pairs, known & model.pairs.knows)
            yield _judged(model.name, part, kept, others)


def _hubs(model: Model, rng: np.random.Generator) -> Iterator[tuple[str, int, float]]:
    """Yield the share of lists that hold the most listed word, with more and more hubs planted."""
    for hubs in HUBS:
        for _ in range(ROUNDS if hubs else 1):
            vectors = with_hubs(model.vectors, hubs, REACH, rng) if hubs else model.vectors
            found = nearest(vectors, NeighbourOptions(k=K)).indices
            listed = np.bincount(found[found >= 0], minlength=len(vectors))
            yield model.name, hubs, float(listed.max()) / (len(vectors) - 1)


def page(shuffled: list[Judged], honest: list[Judged], hubs: list[tuple[str, int, float]]) -> str:
    text = "<!-- Made by `make poisoning`. -->\n\n# Poisoned models\n\n"
    text += (
        f"MiniLM, GloVe ({GLOVE_WORDS:,} words) and WordLlama, corrupted to varying degrees, each "
    )
    text += f"judged by the other two; {ROUNDS} draws per degree, seed {SEED}.\n\n![](pictures/poisoning.png)\n\n"
    text += (
        "## Permuted words\n\nLift: log10 of the shared pairs over chance. Apart: share of words "
    )
    text += (
        "whose neighbours in the two models do not overlap. Ranges are over models and draws. A "
    )
    text += (
        f"model has no vote below a lift of {LEAST_LIFT / 1000} or above {MOST_APART} apart.\n\n"
    )
    text += "| permuted share | lift | apart | without a vote |\n| --- | --- | --- | --- |\n"
    for share in SHARES:
        rows = [row for row in shuffled if row.degree == share]
        out = sum(row.lift * 1000 < LEAST_LIFT or row.apart > MOST_APART for row in rows)
        text += f"| {share:.0%} | {_range([r.lift for r in rows])} | "
        text += f"{_range([r.apart for r in rows])} | {out} of {len(rows)} |\n"
    text += (
        "\nDetection rate by threshold on apart, and false alarms among intact models, whole and "
    )
    text += f"reduced to {', '.join(f'{part:.0%}' for part in PARTS[1:])} of their words:\n\n"
    degrees = [share for share in SHARES if share]
    text += "| threshold | false alarms | " + " | ".join(f"{d:.0%}" for d in degrees) + " |\n"
    text += "| --- | --- |" + " --- |" * len(degrees) + "\n"
    for threshold in APART:
        text += f"| {threshold:.2f} | {_share(honest, threshold):.0%} | "
        text += " | ".join(
            f"{_share([r for r in shuffled if r.degree == d], threshold):.0%}" for d in degrees
        )
        text += " |\n"
    return text + _hub_tables(hubs)


def _hub_tables(hubs: list[tuple[str, int, float]]) -> str:
    text = f"\n## Planted hubs\n\nEach hub is the mean of the {REACH:,} words nearest to a random "
    text += f"word. Hubs in more than {MOST_HUBNESS:.0%} of the lists are reported.\n\n"
    text += "| hubs | top hub, share of lists | " + " | ".join(f"> {t:.0%}" for t in HUBNESS)
    text += " |\n| --- | --- |" + " --- |" * len(HUBNESS) + "\n"
    for count in HUBS:
        shares = [share for _, planted, share in hubs if planted == count]
        found = (f"{np.mean([s > t for s in shares]):.0%}" for t in HUBNESS)
        text += f"| {count or 'none (false alarms)'} | {_range(shares)} | {' | '.join(found)} |\n"
    return text


def _range(values: list[float]) -> str:
    known = [value for value in values if value == value]
    text = f"{min(known):.3f} to {max(known):.3f}" if known else "unknown"
    return text + (f" ({len(known)} of {len(values)})" if 0 < len(known) < len(values) else "")


def _share(rows: list[Judged], threshold: float) -> float:
    return float(np.mean([row.apart > threshold for row in rows]))


def _draw(
    shuffled: list[Judged], honest: list[Judged], hubs: list[tuple[str, int, float]], path: Path
) -> None:
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot

    figure, (left, middle, right) = pyplot.subplots(1, 3, figsize=(14, 4))
    for name in dict.fromkeys(row.model for row in shuffled):
        rows = [row for row in shuffled if row.model == name]
        left.plot([r.degree for r in rows], [r.apart for r in rows], ".", label=name)
        right.plot(
            [count for one, count, _ in hubs if one == name],
            [share for one, _, share in hubs if one == name],
            ".",
            label=name,
        )
    left.axhline(MOST_APART, color="black", lw=0.8)
    left.set_xlabel("permuted share of words")
    left.set_ylabel("share of words without common neighbours (apart)")
    thresholds = np.linspace(0, 1, 201)
    for degree in (0.2, 0.3, 0.4, 0.5):
        rows = [row for row in shuffled if row.degree == degree]
        middle.plot(
            [_share(honest, t) for t in thresholds],
            [_share(rows, t) for t in thresholds],
            label=f"{degree:.0%} permuted",
        )
    middle.set_xlabel("false alarms")
    middle.set_ylabel("detections")
    right.axhline(MOST_HUBNESS, color="black", lw=0.8)
    right.set_xlabel("planted hubs")
    right.set_ylabel("top hub, share of lists")
    for panel in (left, middle, right):
        panel.legend()
    figure.tight_layout()
    figure.savefig(path, dpi=110)


if __name__ == "__main__":
    main()
