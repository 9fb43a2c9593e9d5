"""Word effects: what words do to the features of generated pictures, both ways, as columns of a source."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from string import Formatter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph
from hartonomous.identity import normalise
from hartonomous.pictures.generated_places import prompt_of
from hartonomous.schema import MICRO

MOST_PICTURES = 5_000
"""Pictures of a source that are read to see how far it obeys, the first by key."""

FURTHEST = 5.0
"""Deviations from which on a feature says no more of a picture."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class WordEffects:
    """What a source says of w words and f features.

    `odds` (w, f) are the decades of each effect, 0 where chance explains it, `middle` and `spread`
    (w, f) those of the feature's values. `template` and `values` are its prompts'.
    """

    source: str
    template: str
    values: Mapping[str, Sequence[str]]
    words: tuple[str, ...]
    features: tuple[str, ...]
    odds: Floats
    middle: Floats
    spread: Floats

    def scores(self, pictures: Floats) -> Floats:
        """Return the score of each word for pictures (m, f), (m, w) decades; NaN is not known.

        A linear discriminant of each word, features taken one by one, as
        cypher/ask/image_features_to_prompt has it.
        """
        found = np.zeros((len(pictures), len(self.words)))
        for place in range(len(self.words)):
            spread = np.maximum(self.spread[place], 1e-9)
            away = np.clip((pictures - self.middle[place]) / spread, -FURTHEST, FURTHEST)
            told = np.where(self.spread[place] > 0, away * self.odds[place], 0.0)
            found[:, place] = np.nansum(told, axis=1)
        return found

    def factors(self) -> list[list[int]]:
        """Return the places of the words of each factor."""
        place = {word: at for at, word in enumerate(self.words)}
        named = [[normalise(str(one).lower()) for one in each] for each in self.values.values()]
        return [[place[word] for word in each if word in place] for each in named]

    def asked(self) -> dict[str, list[str]]:
        """Return the words that each prompt asks for."""
        found = {}
        for chosen in product(*self.values.values()):
            prompt = written(self.template, dict(zip(self.values, chosen, strict=True)))
            found[prompt] = [normalise(str(one).lower()) for one in chosen]
        return found

    def prompt_for(self, scores: Floats) -> str:
        """Return the prompt of the best word of each factor, by the scores of words (w,); a factor of
        which several are as good is left out.
        """
        chosen = {}
        for (name, values), places in zip(self.values.items(), self.factors(), strict=True):
            best = [self.words[at] for at in places if scores[at] == scores[places].max()]
            if len(best) == 1:
                chosen[name] = next(one for one in values if normalise(one.lower()) == best[0])
        return " ".join(written(self.template, chosen).split())


@dataclass(frozen=True)
class MadePictures:
    """The pictures that a source made: what each was asked for, and its features (m, f), 0 for those
    it does not have.
    """

    prompts: tuple[str, ...]
    values: Floats


def written(template: str, chosen: Mapping[str, str]) -> str:
    """Return a template with its names filled in; other things in braces are left as they are."""
    parts = []
    for text, name, _, _ in Formatter().parse(template):
        parts.append(text + ("" if name is None else str(chosen.get(name, ""))))
    return "".join(parts)


def read_effects(graph: Graph, source: str | None = None) -> list[WordEffects]:
    """Return what each live source of generated pictures says, by name."""
    by_source: dict[str, list[dict[str, Any]]] = {}
    for row in graph.read(query("ask/read_effects"), source=source):
        by_source.setdefault(row["source"], []).append(row)
    return [_effects(name, rows) for name, rows in by_source.items()]


def _effects(source: str, rows: Sequence[dict[str, Any]]) -> WordEffects:
    words = tuple(sorted({row["word"] for row in rows}))
    features = tuple(sorted({row["feature"] for row in rows}))
    at = {word: place for place, word in enumerate(words)}
    of = {feature: place for place, feature in enumerate(features)}
    table = np.zeros((3, len(words), len(features)))
    for row in rows:
        one = row["support"] / 1000, row["middle"] / MICRO, row["spread"] / MICRO
        table[:, at[row["word"]], of[row["feature"]]] = one
    said = json.loads(rows[0]["options"] or "{}").get("prompts", {})
    values = {
        str(name): [str(one) for one in each] for name, each in said.get("values", {}).items()
    }
    return WordEffects(
        source, str(said.get("template", "")), values, words, features, table[0], table[1], table[2]
    )


def read_made(graph: Graph, effects: WordEffects) -> MadePictures:
    """Return the pictures that a source made, at most MOST_PICTURES."""
    rows = graph.read(query("ask/read_generated"), source=effects.source, most=MOST_PICTURES)
    of = {feature: place for place, feature in enumerate(effects.features)}
    prompts, values = [], np.zeros((len(rows), len(of)))
    for number, row in enumerate(rows):
        found = prompt_of(row["place"])
        prompts.append(found[0] if found else "")
        for feature, value in zip(row["features"], row["values"], strict=True):
            if feature in of:
                values[number, of[feature]] = value
    return MadePictures(tuple(prompts), values)


@dataclass(frozen=True)
class WordStanding:
    """How a source stands to a word, of the pictures that it was asked to make of it.

    `obeyed`: of these, the share whose features are on the word's side of the middle; None where no
    feature tells the word from others. `readable`: the share of which the word is likelier by their
    features than every other of its factor.
    """

    word: str
    obeyed: float | None
    readable: float
    pictures: int
    source: str


@dataclass(frozen=True)
class Additivity:
    """How far pictures of several words look as the sum of the words' effects says.

    `share` of what their features differ by from all pictures that the sum explains, 1 at most and
    below 0 where it says less than nothing; of so many `pictures`.
    """

    words: tuple[str, ...]
    share: float
    pictures: int
    source: str


def standing(effects: WordEffects, made: MadePictures, words: Sequence[str]) -> list[WordStanding]:
    """Return how a source stands to some of its words, in their order."""
    asked = effects.asked()
    # A feature that a picture does not have is not known: its value is below a bound.
    known = np.where(made.values > 0, made.values, np.nan)
    scores, found = effects.scores(known), []
    for word in words:
        own = np.array([word in asked.get(prompt, ()) for prompt in made.prompts], dtype=bool)
        if word not in effects.words or not own.any():
            continue
        place = effects.words.index(word)
        rivals = next((each for each in effects.factors() if place in each), [place])
        others = scores[:, [each for each in rivals if each != place]]
        best = np.asarray((scores[:, [place]] > others).all(axis=1))
        told = bool(effects.odds[place].any())
        obeyed = float((scores[own, place] > 0).mean()) if told else None
        readable = float(best[own].mean())
        found.append(WordStanding(word, obeyed, readable, int(own.sum()), effects.source))
    return found


def additivity(effects: WordEffects, made: MadePictures, words: Sequence[str]) -> Additivity | None:
    """Return how far several words of a source add up; None if it made no picture of all of them."""
    asked = effects.asked()
    said = [asked.get(prompt, ()) for prompt in made.prompts]
    own = [np.array([word in one for one in said], dtype=bool) for word in words]
    if len(words) < 2 or not (together := np.logical_and.reduce(own)).any():
        return None
    spread = made.values.std(axis=0)
    values = made.values[:, spread > 0] / spread[spread > 0]
    shift = values[together].mean(axis=0) - values.mean(axis=0)
    summed = sum(values[one].mean(axis=0) - values.mean(axis=0) for one in own)
    whole = float((shift**2).sum())
    share = 1 - float(((shift - summed) ** 2).sum()) / whole if whole > 0 else 1.0
    return Additivity(tuple(words), share, int(together.sum()), effects.source)
