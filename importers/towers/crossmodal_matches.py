"""Cross-modal matches: which texts and pictures are listed with each other, and whether a text matches
any picture at all.

Vectors are centred per modality: what all texts share, and all pictures, is what parts the two sets
(Liang et al. 2022, Mind the Gap), and decides nothing. Each side lists its nearest of the other side.

A list has a first place even where nothing fits, and no cosine says so: what is high differs from model to
model and from text to text. But each picture is more of one thing than of others. A text matches if, at
one picture that lists it or that it lists, no competing text is nearer, by the model's own cosines, which
it was trained to tell texts of a picture apart by. A text does not compete with one whose words it has or
that has its words: "star" is true where "red star" is.

A trained model is about as near to all pictures with each text of a form. Where texts differ more, as of
vectors that were shifted since, they are compared without the direction from texts to pictures.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hartonomous.extract.search.cross_search import nearest_across
from hartonomous.extract.search.nearest_neighbours import centred, normalised
from hartonomous.extract.search.paired_products import paired_products
from hartonomous.name_words import text_words
from hartonomous.progress import Advance

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

MOST_LISTED = 10
"""Longest list of a text or a picture."""

SHORTER = 10
"""A list has at most every tenth of its candidates: of few labels, a picture lists the best."""

LARGEST_LEAN = 0.35
"""How much texts of a form differ in their mean nearness to pictures (by the median), in deviations of
pairs around the means of both, in a model as it was trained. Of the small models of the tests it is .05
to .14 where all is shown; with a gap of one planted between texts and pictures it is .38 to .71."""

NORMAL = 1.4826
"""Standard deviations of a normal distribution in its median deviation."""

SAMPLED = 2_000
"""Texts and pictures that this is measured with."""

COMPETING = 50
"""Texts nearest to a picture among which one competes."""

FILLERS = frozenset(
    [
        "a",
        "an",
        "the",
        "of",
        "in",
        "on",
        "at",
        "with",
        "and",
        "or",
        "is",
        "are",
        "this",
        "that",
        "it",
        "its",
        "photo",
        "picture",
        "image",
    ]
)
"""Words of which texts are made whatever they are about."""


@dataclass(frozen=True)
class Matches:
    """Pairs of texts and pictures, one a row: numbers `text` and `picture` (m,) int64.

    `listed` (m, 2) bool says whether the text lists the picture, and whether the picture lists the text;
    `cosine` (m,) float64 is of centred vectors. `fits` (m,) bool is false for what is no better than chance:
    the nearest of what matches nothing, kept to say so. `k` is the length of lists.
    """

    text: Ints
    picture: Ints
    listed: NDArray[np.bool_]
    cosine: NDArray[np.float64]
    fits: NDArray[np.bool_]
    k: int


def list_length(texts: int, pictures: int, most: int) -> int:
    """Return how long lists are between so many texts and pictures; `most` is what is asked for.

    >>> list_length(98, 360, 50), list_length(3, 360, 50), list_length(500, 360, 5)
    (9, 1, 5)
    """
    return max(1, min(most, MOST_LISTED, min(texts, pictures) // SHORTER))


def find_matches(
    names: Sequence[str],
    texts: Floats,
    pictures: Floats,
    most: int,
    threads: int,
    progress: Callable[[str, int, int], None],
) -> Matches:
    """Return the matches between texts (t, d), whose words are in `names`, and pictures (p, d), both of
    length one.
    """
    k = list_length(len(texts), len(pictures), most)

    def told(stage: str) -> Advance:
        return lambda done, total: progress(stage, done, total)

    one, other = _directions(texts), _directions(pictures)
    by_text, near_text = nearest_across(one, other, k, threads, told("pictures for texts"))
    by_picture, near_picture = nearest_across(other, one, k, threads, told("texts for pictures"))
    text, picture, listed, cosine = _united(by_text, near_text, by_picture, near_picture)
    across = _comparable(names, texts, pictures)
    rivals, nearness = nearest_across(pictures, across, COMPETING, threads, told("competing texts"))
    own = paired_products(across, pictures, text, picture)
    held = (cosine > 0) & _unrivalled(names, text, picture, own, rivals, nearness)
    present = np.zeros(len(texts), dtype=bool)
    present[text[held]] = True
    fits = present[text] & (cosine > 0)
    kept = fits | _nearest_of_none(text, picture, listed, cosine, fits)
    # What is no better than chance is listed one way: being listed both ways would be odds.
    listed = np.where(fits[:, None], listed, np.stack([listed[:, 0], ~listed[:, 0]], axis=1))
    return Matches(text[kept], picture[kept], listed[kept], cosine[kept], fits[kept], k)


def _directions(vectors: Floats) -> Floats:
    """Return vectors relative to the mean of their modality, of length one; a single one as it is."""
    return normalised(centred(vectors) if len(vectors) > 1 else vectors)


def _comparable(names: Sequence[str], texts: Floats, pictures: Floats) -> Floats:
    """Return the vectors of texts as they compete at pictures, (t, d): as they are; where they lean to
    all pictures or to none, without that, but for what texts of equally many words have in common.
    """
    words = np.array([len(_telling(name)) for name in names])
    _, form = np.unique(words, return_inverse=True)
    mean = pictures.mean(axis=0, dtype=np.float64)
    lean = _within(form, texts @ mean)
    some = texts[:: -(-len(texts) // SAMPLED)], pictures[:: -(-len(pictures) // SAMPLED)]
    pairs = some[0].astype(np.float64) @ some[1].T.astype(np.float64)
    pairs -= pairs.mean(axis=1, keepdims=True)
    pairs -= pairs.mean(axis=0, keepdims=True)
    if NORMAL * np.median(np.abs(lean)) <= LARGEST_LEAN * pairs.std():
        return texts
    gap = mean - texts.mean(axis=0, dtype=np.float64)
    gap /= np.linalg.norm(gap)
    away = texts - np.outer(_within(form, texts @ gap), gap)
    return np.ascontiguousarray(away, dtype=np.float32)


def _within(form: Ints, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return values (n,) relative to the mean of their form, which are numbers (n,) from 0."""
    mean = np.bincount(form, weights=values) / np.bincount(form)
    return np.asarray(values - mean[form], dtype=np.float64)


def _united(
    by_text: NDArray[np.int32],
    near_text: NDArray[np.float64],
    by_picture: NDArray[np.int32],
    near_picture: NDArray[np.float64],
) -> tuple[Ints, Ints, NDArray[np.bool_], NDArray[np.float64]]:
    """Return the pairs of both sides' lists, each once: texts, pictures, who lists whom, cosines."""
    texts, pictures = len(by_text), len(by_picture)
    first = np.repeat(np.arange(texts, dtype=np.int64), by_text.shape[1])
    second = np.repeat(np.arange(pictures, dtype=np.int64), by_picture.shape[1])
    forward = first * pictures + by_text.ravel()
    backward = by_picture.ravel().astype(np.int64) * pictures + second
    forward, backward = forward[by_text.ravel() >= 0], backward[by_picture.ravel() >= 0]
    near = np.concatenate(
        [near_text.ravel()[by_text.ravel() >= 0], near_picture.ravel()[by_picture.ravel() >= 0]]
    )
    pair, place = np.unique(np.concatenate([forward, backward]), return_index=True)
    listed = np.stack([np.isin(pair, forward), np.isin(pair, backward)], axis=1)
    return pair // pictures, pair % pictures, listed, near[place]


def _unrivalled(
    names: Sequence[str],
    text: Ints,
    picture: Ints,
    own: NDArray[np.float64],
    rivals: NDArray[np.int32],
    nearness: NDArray[np.float64],
) -> NDArray[np.bool_]:
    """Return which pairs have no competing text that is nearer to the picture, (m,) bool."""
    words = [_telling(name) for name in names]
    free = np.zeros(len(text), dtype=bool)
    left = np.arange(len(text))
    for place in range(rivals.shape[1]):
        rival, near = rivals[picture[left], place], nearness[picture[left], place]
        # By a rounding error nearer is no nearer.
        nearer = (rival >= 0) & (rival != text[left]) & (near > own[left] + 1e-6)
        free[left[~nearer]] = True
        left, rival = left[nearer], rival[nearer]
        akin = np.fromiter(
            (
                words[one] <= words[other] or words[other] <= words[one]
                for one, other in zip(text[left].tolist(), rival.tolist(), strict=True)
            ),
            dtype=bool,
            count=len(left),
        )
        left = left[akin]
    free[left] = True
    return free


def _telling(name: str) -> frozenset[str]:
    """Return the words of a text that say what it is about."""
    words = frozenset(word.lower() for word in text_words(name))
    return words - FILLERS or words


def _nearest_of_none(
    text: Ints,
    picture: Ints,
    listed: NDArray[np.bool_],
    cosine: NDArray[np.float64],
    fits: NDArray[np.bool_],
) -> NDArray[np.bool_]:
    """Return the nearest pair, (m,) bool, of each text, and of each picture, none of whose pairs fits."""
    kept = np.zeros(len(text), dtype=bool)
    for side, own in ((text, listed[:, 0]), (picture, listed[:, 1])):
        matched = np.zeros(int(side.max(initial=-1)) + 1, dtype=bool)
        matched[side[fits]] = True
        rows = np.flatnonzero(~matched[side] & own)
        order = rows[np.lexsort((-cosine[rows], side[rows]))]
        first = np.flatnonzero(np.diff(side[order], prepend=-1))
        kept[order[first]] = True
    return kept
