"""Word similarity: correlation of the graph's scores, and of dense vectors, with human judgements.

Gold lists are read at run time: those of gensim, and any file of `word word score` lines. They are
used for measurement only; nothing is tuned on them.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata, spearmanr

from hartonomous.ask.relations.word_rows import (
    WordRows,
    consensus_rows,
    elo_rows,
    find_words,
    track_rows,
)
from hartonomous.errors import BadInput, NotFound, UsageError
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph, Row
from hartonomous.rate.formulas import SHRINKAGE
from hartonomous.rate.rating_pass import class_table
from hartonomous.schema import DEFAULT_RELATION, evidence_type

GENSIM = {"WordSim-353": "wordsim353.tsv", "SimLex-999": "simlex999.txt"}
RESAMPLES = 2_000
SEED = 20
LARGEST = 64 << 20

Floats = NDArray[np.float64]
Dense = Callable[[Sequence[str]], tuple[NDArray[np.float32], NDArray[np.bool_]]]
"""From words to their vectors (n, d) and the mask (n,) of known ones."""


@dataclass(frozen=True)
class GoldPairs:
    """Word pairs with human scores.

    `words` is (n, 2), in lower case, as gensim compares them by default; `scores` (n,) float64, on
    the list's own scale.
    """

    name: str
    words: tuple[tuple[str, str], ...]
    scores: Floats


@dataclass(frozen=True)
class Correlation:
    """Spearman's rho of one score with one list, over all its pairs and over those it covers.

    `low` and `high` bound 95 % of bootstrap resamples of the pairs; uncovered pairs have the mean
    score of the covered ones.
    """

    gold: str
    score: str
    pairs: int
    covered: int
    rho: float
    low: float
    high: float
    rho_covered: float


@dataclass(frozen=True)
class Gain:
    """Gain of one score over another on one list, with the 95 % interval of the paired bootstrap."""

    gold: str
    score: str
    over: str
    gain: float
    low: float
    high: float


@dataclass
class Evaluation:
    """All correlations, and affinity's gain over every other score."""

    correlations: list[Correlation] = field(default_factory=list)
    gains: list[Gain] = field(default_factory=list)


def gold_if_there() -> list[GoldPairs]:
    """Return the lists of gensim, none if it is not installed."""
    try:
        return gensim_pairs()
    except UsageError:
        return []


def gensim_pairs() -> list[GoldPairs]:
    """Return WordSim-353 and SimLex-999 from gensim.

    Raises UsageError if gensim is not installed.
    """
    return [read_pairs(gensim_file(file), name) for name, file in GENSIM.items()]


def gensim_file(name: str) -> Path:
    """Return the path of a list of gensim; raises UsageError if it is not installed."""
    try:
        from gensim.test.utils import datapath
    except ImportError as error:
        raise UsageError(
            "The word lists are part of gensim: pip install 'hartonomous[evaluation]', or give "
            "your own with --pairs or --analogies."
        ) from error
    return Path(datapath(name))


def read_pairs(path: Path, name: str | None = None) -> GoldPairs:
    """Return the pairs of a file: `word word score`, separated by tabs or commas, comments with #.

    Raises NotFound if there is no such file, BadInput for an invalid one.
    """
    if not path.is_file():
        raise NotFound(f"There is no file of word pairs at {path}.")
    if path.stat().st_size > LARGEST:
        raise BadInput(
            f"{path} is larger than {LARGEST >> 20} MiB; it is not a list of word pairs."
        )
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise BadInput(f"{path} is not UTF-8: {error}.") from error
    words: list[tuple[str, str]] = []
    scores: list[float] = []
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            first, second, score = next(csv.reader([line], delimiter="\t" if "\t" in line else ","))
            scores.append(float(score))
        except ValueError as error:
            if not words and number <= 2:
                continue  # a heading
            raise BadInput(
                f"{path}, line {number}: expected two words and a score, got {line[:60]!r}."
            ) from error
        words.append((first.strip().lower(), second.strip().lower()))
    if len(words) < 3:
        raise BadInput(f"{path} has {len(words)} scored pairs; a correlation needs three.")
    return GoldPairs(name or path.stem, tuple(words), np.array(scores))


def evaluate(
    graph: Graph, gold: Sequence[GoldPairs], dense: Mapping[str, Dense] | None = None
) -> Evaluation:
    """Return the correlation of each score with each list: graph, single tracks, and dense vectors
    if given.
    """
    found = find_words(graph, (word for pairs in gold for pair in pairs.words for word in pair))
    scorers = _scorers(graph, found)
    result = Evaluation()
    for pairs in gold:
        scores = {name: scorer(pairs) for name, scorer in scorers.items()}
        for name, vectors in (dense or {}).items():
            scores[name] = _dense_scores(pairs, vectors)
        samples = resamples(len(pairs.words))
        drawn = {}
        for name, score in scores.items():
            filled, covered = _filled(score)
            drawn[name] = _rhos(filled, pairs.scores, samples)
            result.correlations.append(
                Correlation(
                    pairs.name, name, len(score), int(covered.sum()),
                    _rho(filled, pairs.scores), *bounds(drawn[name]),
                    _rho(score[covered], pairs.scores[covered]),
                )
            )  # fmt: skip
        best = _filled(scores["affinity"])[0]
        for name, score in scores.items():
            if name != "affinity":
                gain = _rho(best, pairs.scores) - _rho(_filled(score)[0], pairs.scores)
                between = bounds(drawn["affinity"] - drawn[name])
                result.gains.append(Gain(pairs.name, "affinity", name, gain, *between))
    return result


def _scorers(graph: Graph, found: dict[str, Row]) -> dict[str, Callable[[GoldPairs], Floats]]:
    tracks = [t for t in graph.read(query("rate/read_tracks")) if t["state"] == "live"]
    silence = silence_of(tracks, found, known_classes(graph, found))
    rows, elos = consensus_rows(graph, found), elo_rows(graph, found)
    scorers: dict[str, Callable[[GoldPairs], Floats]] = {
        "affinity": lambda pairs: affinities(pairs, rows, silence),
        "consensus": lambda pairs: direct(pairs, rows, silence),
        "elo": lambda pairs: direct(pairs, elos, lambda first, second: 0),
        "consensus, related": lambda pairs: _related(pairs, rows),
        "elo, related": lambda pairs: _related(pairs, elos),
    }
    for track in tracks:
        if evidence_type(track["evidence"]).feeds == DEFAULT_RELATION:
            kind = evidence_type(track["evidence"]).stem
            said = track_rows(graph, found, track["source"], track["evidence"])
            scorers[f"{track['source']} {kind}"] = _single(said, track)
    return scorers


def _single(rows: WordRows, track: Row) -> Callable[[GoldPairs], Floats]:
    def silence(first: str, second: str) -> int:
        return int(track["absent"] or 0)

    return lambda pairs: affinities(pairs, rows, silence)


def known_classes(graph: Graph, found: Mapping[str, Row]) -> dict[str, str]:
    """Return, by key, the class of each word: the tracks that know it."""
    keys = sorted({row["key"] for row in found.values()})
    return {
        row["key"]: row["known"] or "" for row in graph.read(query("ask/read_known"), keys=keys)
    }


def silence_of(
    tracks: Sequence[Row], found: Mapping[str, Row], known: Mapping[str, str]
) -> Callable[[str, str], int]:
    """Return D of a pair of words that no track lists; `known` is the class by key."""
    table = class_table(tracks, sorted(set(known.values())))

    def silence(first: str, second: str) -> int:
        votes, gained = table[known[found[first]["key"]]][known[found[second]["key"]]]
        return (2 * gained + votes + SHRINKAGE) // (2 * (votes + SHRINKAGE))

    return silence


def _places(pairs: GoldPairs, rows: WordRows) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Return the mask of pairs whose words both have a row, and these rows, (m, 2)."""
    places = np.array(
        [[rows.place.get(word, -1) for word in pair] for pair in pairs.words], dtype=np.int64
    )
    covered = np.asarray((places >= 0).all(axis=1))
    return covered, places[covered]


def direct(pairs: GoldPairs, rows: WordRows, silence: Callable[[str, str], int]) -> Floats:
    """Return the value of each pair by `rows`, (n,) float64: `silence` for pairs without one, nan
    for words without a row.
    """
    covered, places = _places(pairs, rows)
    scores = np.full(len(pairs.words), np.nan)
    quiet = np.array(
        [silence(*pair) for pair, here in zip(pairs.words, covered, strict=True) if here],
        dtype=np.int64,
    )
    scores[covered] = rows.said(places[:, 0], places[:, 1], quiet)
    return scores


def _related(pairs: GoldPairs, rows: WordRows) -> Floats:
    """Return the values of the pairs with a relation, nan for the others."""
    covered, places = _places(pairs, rows)
    scores = np.full(len(pairs.words), np.nan)
    if not covered.any():
        return scores
    second = rows.column[places[:, 1]]
    said = np.asarray(rows.matrix[places[:, 0], second]).ravel()
    there = np.asarray(rows.related[places[:, 0], second]).ravel() > 0
    scores[covered] = np.where(there, said, np.nan)
    return scores


def affinities(pairs: GoldPairs, rows: WordRows, silence: Callable[[str, str], int]) -> Floats:
    """Return 0.4 D + 800 (log10(C + 0.01) + 2), the affinity less its constant, of each pair: (n,)
    float64.

    D is the pair's decades, C the cosine of its words' rows, in [0, 1]; nan for words without a
    row.
    """
    covered, places = _places(pairs, rows)
    scores = direct(pairs, rows, silence)
    if not covered.any():
        return scores
    # An empty row has no values for any pair.
    filled = np.diff(rows.related.indptr) > 0
    covered[covered] = filled[places].all(axis=1)
    places = places[filled[places].all(axis=1)]
    unit = rows.overlap()
    cosines = np.asarray(unit[places[:, 0]].multiply(unit[places[:, 1]]).sum(axis=1)).ravel()
    scores[~covered] = np.nan
    scores[covered] = 0.4 * scores[covered] + 800 * (np.log10(cosines + 0.01) + 2)
    return scores


def _dense_scores(pairs: GoldPairs, vectors: Dense) -> Floats:
    found, known = vectors([word for pair in pairs.words for word in pair])
    lengths = np.linalg.norm(found, axis=1, keepdims=True)
    unit = (found / np.where(lengths > 0, lengths, 1)).reshape(len(pairs.words), 2, -1)
    both = known.reshape(-1, 2).all(axis=1)
    return np.where(both, np.einsum("nd,nd->n", unit[:, 0], unit[:, 1]), np.nan)


def correlate(pairs: GoldPairs, scores: Floats) -> float:
    """Return Spearman's rho of scores (n,) with a list; pairs with nan have the mean of the others."""
    return _rho(_filled(scores)[0], pairs.scores)


def resampled(pairs: GoldPairs, scores: Floats) -> tuple[float, Floats]:
    """Return Spearman's rho, and (RESAMPLES,) that of each bootstrap resample of the pairs, the
    same for all scores.

    0 for a constant score.
    """
    samples = resamples(len(pairs.words))
    filled = _filled(scores)[0]
    drawn = np.nan_to_num(_rhos(filled, pairs.scores, samples), nan=0.0)
    return float(np.nan_to_num(_rho(filled, pairs.scores), nan=0.0)), drawn


def paired_gain(pairs: GoldPairs, name: str, scores: Floats, over: str, others: Floats) -> Gain:
    """Return the gain of one score (n,) over another (n,) on a list, by paired resampling."""
    samples = resamples(len(pairs.words))
    drawn = [_rhos(_filled(one)[0], pairs.scores, samples) for one in (scores, others)]
    gain = correlate(pairs, scores) - correlate(pairs, others)
    return Gain(pairs.name, name, over, gain, *bounds(drawn[0] - drawn[1]))


def _filled(scores: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    covered = ~np.isnan(scores)
    middle = scores[covered].mean() if covered.any() else 0.0
    return np.where(covered, scores, middle), covered


def _rho(scores: Floats, gold: Floats) -> float:
    if len(scores) < 3 or np.ptp(scores) == 0:
        return float("nan")
    return float(spearmanr(scores, gold).statistic)


def resamples(pairs: int) -> NDArray[np.int64]:
    """Return the indices of pairs of each resample, (RESAMPLES, pairs) int64."""
    return np.random.default_rng(SEED).integers(0, pairs, (RESAMPLES, pairs))


def _rhos(scores: Floats, gold: Floats, samples: NDArray[np.int64]) -> Floats:
    """Return Spearman's rho of every resample: Pearson's of the ranks."""
    first, second = rankdata(scores[samples], axis=1), rankdata(gold[samples], axis=1)
    first -= first.mean(axis=1, keepdims=True)
    second -= second.mean(axis=1, keepdims=True)
    lengths = np.sqrt((first**2).sum(axis=1) * (second**2).sum(axis=1))
    return np.asarray((first * second).sum(axis=1) / np.where(lengths > 0, lengths, np.nan))


def bounds(values: Floats) -> tuple[float, float]:
    """Return the bounds of 95 % of the values (RESAMPLES,)."""
    low, high = np.nanpercentile(values, [2.5, 97.5])
    return float(low), float(high)
