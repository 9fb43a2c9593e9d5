"""Captions: pictures that no source saw, told by captioned ones that are like them.

Drawn emoji with their Unicode names, and handwritten digits with captions, a tenth of each held out. A
picture none of whose words any caption has cannot be told; it counts in the last figures alone.
"""

from __future__ import annotations

import csv
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np
from PIL import Image
from scipy.stats import binomtest
from sklearn.datasets import load_digits

from benchmarks.measuring import Figure
from demo.drawn_emoji import draw_emoji, named_emoji
from hartonomous.graph.driver import Graph
from hartonomous.operations.ingestion import ingest_model, prepare
from hartonomous.operations.observation import request_observation
from hartonomous.operations.picture_questions import image_to_concepts
from hartonomous.server.connection import connect_managed
from hartonomous.server.managed_server import running_address
from importers.captions.caption_words import content_words
from tests.building import wipe
from tests.private_server import private_server

SEED = 0
"""The first tenth of this order is held out; another tenth chose the constants of likeness."""

EVERYTHING = 100_000
"""Concepts asked for, more than there are."""

OFTEN = 5
"""Held-out pictures of a word at least, for the pictures it finds to be counted."""

DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


@dataclass(frozen=True)
class Shown:
    """Captioned pictures: the folder of those observed, files of those held out, and words of both."""

    observed: Path
    asked: Sequence[Path]
    words: Sequence[frozenset[str]]
    known: Counter[str]
    pictures: int


def run() -> list[Figure]:
    with (
        tempfile.TemporaryDirectory(prefix="hartonomous-captions-") as place,
        private_server("1g", "512m") as home,
    ):
        address = running_address(home)
        assert address is not None
        with connect_managed(address) as graph:
            prepare(graph)
            digits = _digits(graph, Path(place, "digits"))
            return [*_emoji(graph, Path(place)), digits]


def _emoji(graph: Graph, place: Path) -> list[Figure]:
    emoji = [one for one in named_emoji() if not one.joined]
    names = draw_emoji(place / "all", emoji)
    captions = {name: one.name for name, one in zip(names, emoji, strict=True)}
    shown = _held_out(place / "all", place / "split", captions)
    told = _told(graph, shown)
    shuffled = _told(graph, _shuffled(shown, captions, place / "shuffled"))
    plain = {name: one.name for name, one in zip(names, emoji, strict=True) if not one.toned}
    single = _held_out(place / "all", place / "single", plain)
    told_single = _told(graph, single)
    return [
        *_found(f"{len(captions):,} drawings and their names", shown, told, shuffled),
        *_all(shown, told),
        _single(single, told_single),
        _time(told),
    ]


def _held_out(folder: Path, place: Path, captions: Mapping[str, str]) -> Shown:
    """Return pictures of a folder with a tenth of them held out, as links below `place`."""
    names = sorted(captions)
    order = np.random.default_rng(SEED).permutation(len(names))
    held, kept = np.split(order, [len(names) // 10])
    observed, asked = place / "observed", place / "asked"
    for target, part in ((observed, kept), (asked, held)):
        target.mkdir(parents=True)
        for at in part:
            (target / names[at]).hardlink_to(folder / names[at])
    _write(observed, {names[at]: captions[names[at]] for at in kept})
    known = Counter(word for at in kept for word in content_words(captions[names[at]]))
    words = [frozenset(content_words(captions[names[at]])) for at in held]
    return Shown(observed, [asked / names[at] for at in held], words, known, len(kept))


def _write(folder: Path, captions: Mapping[str, str]) -> None:
    with (folder / "captions.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("file", "caption"), *captions.items()])


def _shuffled(shown: Shown, captions: Mapping[str, str], place: Path) -> Shown:
    """Return the same pictures, those observed with each other's captions."""
    names = sorted(file.name for file in shown.observed.glob("*.png"))
    place.mkdir()
    for name in names:
        (place / name).hardlink_to(shown.observed / name)
    order = np.random.default_rng(SEED + 1).permutation(len(names))
    _write(place, {name: captions[names[at]] for name, at in zip(names, order, strict=True)})
    return Shown(place, shown.asked, shown.words, shown.known, shown.pictures)


@dataclass(frozen=True)
class Told:
    """What the graph said of each picture asked about: words with their share; and seconds."""

    words: Sequence[Mapping[str, float]]
    seconds: Sequence[float]


def _told(graph: Graph, shown: Shown) -> Told:
    wipe(graph)
    ingest_model(graph, request_observation(shown.observed), "captions")
    words, times = [], []
    for file in shown.asked:
        began = time.perf_counter()
        told = image_to_concepts(graph, str(file), top=EVERYTHING)
        times.append(time.perf_counter() - began)
        words.append(
            {row["concept"]: row["score"] for row in told.concepts if row["concept"] in shown.known}
        )
    return Told(words, times)


def _hits(shown: Shown, told: Told, first: int, known_only: bool = True) -> list[bool]:
    pairs = zip(shown.words, told.words, strict=True)
    return [
        not own.isdisjoint(list(said)[:first])
        for own, said in pairs
        if not known_only or own & shown.known.keys()
    ]


def _frequent(shown: Shown, first: int) -> float:
    """Return how often the most frequent words would be right."""
    words = {word for word, _ in shown.known.most_common(first)}
    own = [one for one in shown.words if one & shown.known.keys()]
    return float(np.mean([not one.isdisjoint(words) for one in own]))


def _share(hits: Sequence[bool]) -> str:
    interval = binomtest(sum(hits), len(hits)).proportion_ci(method="wilson")
    return f"{np.mean(hits):.3f} ({interval.low:.3f} to {interval.high:.3f})"


def _found(what: str, shown: Shown, told: Told, shuffled: Told) -> list[Figure]:
    first, five = _hits(shown, told, 1), _hits(shown, told, 5)
    chance = _hits(shown, shuffled, 1)
    found, by_chance, words = _pictures_of_words(shown, told)
    frequent = _frequent(shown, 1)
    return [
        Figure(f"{what}, {len(first)} held out: first word right", _share(first),
               f"most frequent word {frequent:.3f}", "at least .55", bool(np.mean(first) >= 0.55)),
        Figure("in the first five", _share(five), f"most frequent words {_frequent(shown, 5):.3f}",
               "at least .75", bool(np.mean(five) >= 0.75)),
        Figure(f"pictures of {words} words, precision of the first five", f"{found:.3f}",
               f"chance {by_chance:.3f}", "at least .38", found >= 0.38),
        Figure("captions shuffled: first word right", _share(chance),
               f"most frequent word {frequent:.3f}", "not above it", bool(np.mean(chance) <= frequent)),
    ]  # fmt: skip


def _pictures_of_words(shown: Shown, told: Told) -> tuple[float, float, int]:
    """Return the share of a word's pictures among the five held-out ones it is surest of, the share
    among all, and the number of words.
    """
    held = Counter(word for own in shown.words for word in own)
    found, chance = [], []
    for word in sorted(word for word, count in held.items() if count >= OFTEN):
        score = np.array([said.get(word, 0.0) for said in told.words])
        shows = np.array([word in own for own in shown.words])
        found.append(shows[np.argsort(-score, kind="stable")[:5]].mean())
        chance.append(shows.mean())
    return float(np.mean(found)), float(np.mean(chance)), len(found)


def _all(shown: Shown, told: Told) -> list[Figure]:
    first, five = (_hits(shown, told, many, known_only=False) for many in (1, 5))
    return [
        Figure(f"with the {len(first) - len(_hits(shown, told, 1))} none of whose words a caption has: "
               "first word right, in five", f"{_share(first)}, {_share(five)}", "", "", None)
    ]  # fmt: skip


def _single(shown: Shown, told: Told) -> Figure:
    first, five = _hits(shown, told, 1), _hits(shown, told, 5)
    return Figure(
        f"without skin tones, {len(first)} held out: first word right, in five",
        f"{_share(first)}, {_share(five)}",
        f"most frequent word {_frequent(shown, 1):.3f}",
        "",
        None,
    )


def _time(told: Told) -> Figure:
    taken = f"{1000 * median(told.seconds):.0f} ms"
    return Figure("a picture that no source saw, told", taken, "", "", None)


def _digits(graph: Graph, place: Path) -> Figure:
    digits = load_digits()
    place.mkdir()
    captions = {}
    for at, (image, digit) in enumerate(zip(digits.images, digits.target, strict=True)):
        name = f"{at:04d}.png"
        Image.fromarray(np.rint(image * 255 / 16).astype(np.uint8)).save(place / name)
        captions[name] = f"a handwritten {DIGITS[digit]}"
    shown = _held_out(place, place.parent / "digits-split", captions)
    told = _told(graph, shown)
    right = [
        next((word for word in said if word in DIGITS), "") in own
        for own, said in zip(shown.words, told.words, strict=True)
    ]
    return Figure(
        f"{len(captions):,} handwritten digits with captions, {len(right)} held out: digit",
        _share(right),
        "chance .1",
        "at least .97",
        bool(np.mean(right) >= 0.97),
    )
