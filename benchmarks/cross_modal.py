"""Texts and pictures by a small trained CLIP: what is found, what is told absent, beside faiss, and memory."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import faiss
import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest

from benchmarks.measuring import Figure, interleaved
from hartonomous.ask.pictures.cross_modal_answers import text_to_images
from hartonomous.extract.search.cross_search import nearest_across
from hartonomous.operations.ingestion import prepare
from hartonomous.pictures.picture_files import read_picture
from hartonomous.server.connection import connect_managed
from hartonomous.server.managed_server import running_address
from importers.towers.crossmodal_matches import Matches, _directions, find_matches
from importers.towers.tower_pairs import Floats, unit_vectors
from importers.towers.transformer_towers import TransformerTowers
from tests.building import put_in, silent
from tests.drawn_shapes import EVERYTHING
from tests.private_server import private_server
from tests.shape_towers import shape_towers
from tests.towered_graph import ShownShapes, show_shapes, towers_bundle

SEEDS = range(8, 16)
GAP = 1.0
TOP = 5
PICTURES, TEXTS, WIDE, K = 100_000, 2_000, 512, 10
CAPTIONS = [thing.caption for thing in EVERYTHING]

Mask = NDArray[np.bool_]


def run() -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        return [*_quality(Path(folder)), *_lists(), _memory(), _answers(Path(folder))]


def _quality(folder: Path) -> list[Figure]:
    """Return what is found over several sets of pictures, each without fifty of the captions."""
    towers = TransformerTowers(shape_towers(), "cpu")
    texts = unit_vectors(towers.path, towers.read_texts(CAPTIONS), CAPTIONS)
    hits: dict[str, list[bool]] = {}
    for seed in SEEDS:
        shown = show_shapes(folder / str(seed), seed)
        pixels = [read_picture(shown.images / name) for name in shown.names]
        seen = unit_vectors(towers.path, towers.see(pixels), shown.names)
        gap = np.random.default_rng(seed).normal(size=seen.shape[1])
        moved = unit_vectors(
            towers.path,
            (seen + GAP * gap / np.linalg.norm(gap)).astype(np.float32),
            shown.names,
        )
        true = np.array([[thing.caption == text for thing in shown.things] for text in CAPTIONS])
        for name, vectors in (("", seen), ("gap ", moved)):
            _count(hits, name, texts, vectors, true)
    return _figures(hits)


def _count(
    hits: dict[str, list[bool]], name: str, texts: Floats, pictures: Floats, true: Mask
) -> None:
    found = find_matches(CAPTIONS, texts, pictures, 50, 2, silent)
    there = true.any(axis=1)
    fitting = np.zeros(len(texts), dtype=bool)
    fitting[found.text[found.fits]] = True
    dense = _directions(texts) @ _directions(pictures).T
    ways = (
        ("t2i", found.text, found.picture, true, dense),
        ("i2t", found.picture, found.text, true.T, dense.T),
    )
    for way, side, other, right, products in ways:
        first = np.argsort(-products, axis=1, kind="stable")[:, :TOP]
        whole = np.take_along_axis(right, first, axis=1).any(axis=1)
        some = right.any(axis=1)
        hits.setdefault(f"{name}{way} dense", []).extend(whole[some].tolist())
        listed = _listed(found, side, other, right)
        hits.setdefault(f"{name}{way}", []).extend(listed[some].tolist())
    hits.setdefault(f"{name}absent", []).extend((~fitting[~there]).tolist())
    hits.setdefault(f"{name}present", []).extend((~fitting[there]).tolist())


def _listed(found: Matches, side: np.ndarray, other: np.ndarray, right: Mask) -> Mask:
    """Return of which rows of `right` one of the first fits, in the order of the graph."""
    kept = np.flatnonzero(found.fits)
    order = kept[np.lexsort((-found.cosine[kept], -found.listed[kept].sum(axis=1), side[kept]))]
    hit = np.zeros(len(right), dtype=bool)
    for row in range(len(right)):
        own = order[side[order] == row][:TOP]
        hit[row] = right[row, other[own]].any()
    return hit


def _figures(hits: dict[str, list[bool]]) -> list[Figure]:
    share = {name: float(np.mean(found)) for name, found in hits.items()}

    def told(name: str) -> str:
        interval = binomtest(sum(hits[name]), len(hits[name])).proportion_ci(method="wilson")
        return f"{share[name]:.3f} ({interval.low:.3f} to {interval.high:.3f})"

    bars = (
        ("image to text, R@5", "i2t", 0.98),
        ("text to image, R@5", "t2i", 0.95),
        ("text to image with a planted gap of 1.0, R@5", "gap t2i", 0.92),
    )
    figures = [
        Figure(what, told(name), f"all products {told(f'{name} dense')}", f"at least {bar}",
               share[name] >= bar)
        for what, name, bar in bars
    ]  # fmt: skip
    ratio = min(share[way] / share[f"{way} dense"] for way in ("i2t", "t2i"))
    figures.append(
        Figure("lists beside all products, R@5", f"{ratio:.3f}", "1", "at least .97", ratio >= 0.97)
    )
    for name, what in (("", ""), ("gap ", " with the gap")):
        absent, present = f"{name}absent", f"{name}present"
        bar = not name
        figures += [
            Figure(f"captions of no picture told absent{what}", told(absent), "none by a list alone",
                   "at least .9" if bar else "", share[absent] >= 0.9 if bar else None),
            Figure(f"captions of a picture told absent{what}", told(present), "", "at most .05" if bar else "",
                   share[present] <= 0.05 if bar else None),
        ]  # fmt: skip
    return figures


def _made(count: int, seed: int) -> Floats:
    """Return vectors around a few hundred centres, (count, WIDE), of length one."""
    rng = np.random.default_rng(seed)
    centres = np.random.default_rng(0).normal(size=(300, WIDE)).astype(np.float32)
    vectors = centres[rng.integers(0, len(centres), count)]
    vectors += rng.standard_normal((count, WIDE), dtype=np.float32)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


def _lists() -> list[Figure]:
    """Return how long lists across take beside faiss, and whether they are the same."""
    pictures, texts = _made(PICTURES // 4, 1), _made(TEXTS, 2)
    index = faiss.IndexFlatIP(WIDE)
    index.add(pictures)
    threads = 2
    faiss.omp_set_num_threads(threads)
    took = interleaved(
        3,
        ours=lambda: nearest_across(texts, pictures, K, threads),
        faiss=lambda: index.search(texts, K),
    )
    _, theirs = index.search(texts, K)
    ours, _ = nearest_across(texts, pictures, K, threads)
    differing = sum(set(a) != set(b) for a, b in zip(ours.tolist(), theirs.tolist(), strict=True))
    ratio = took["faiss"] / took["ours"]
    what = f"{K} of {len(pictures):,} pictures for {TEXTS:,} texts, {WIDE} numbers"
    return [
        Figure(what, f"{took['ours']:.2f} s", f"faiss IndexFlatIP {took['faiss']:.2f} s: {ratio:.2f} times faster",
               "no slower than faiss", ratio >= 1.0),
        Figure("lists that differ from faiss", f"{differing}", "of equal products in float32", "0", differing == 0),
    ]  # fmt: skip


def _memory() -> Figure:
    """Return the memory of a process that matches 100,000 pictures' vectors with texts."""
    command = [sys.executable, "-c", "from benchmarks.cross_modal import match_many; match_many()"]
    root = Path(__file__).parents[1]
    done = subprocess.run(
        command, cwd=root, env=os.environ, capture_output=True, text=True, check=True
    )
    megabytes = float(done.stdout)
    return Figure(
        f"memory of matching {PICTURES:,} pictures with {TEXTS:,} texts",
        f"{megabytes:,.0f} MB",
        f"the vectors {4 * WIDE * PICTURES / 1e6:,.0f} MB",
        "at most 2 GB",
        megabytes <= 2_000,
    )


def match_many() -> None:
    """Match as many pictures with texts as `_memory` measures; print the peak in MB."""
    from benchmarks.measuring import peak_megabytes

    names = [
        f"text{chr(97 + n // 676)}{chr(97 + n // 26 % 26)}{chr(97 + n % 26)}" for n in range(TEXTS)
    ]
    find_matches(names, _made(TEXTS, 2), _made(PICTURES, 1), 50, 2, silent)
    sys.stdout.write(f"{peak_megabytes()}")


def _answers(folder: Path) -> Figure:
    """Return how long a question takes in a graph of the drawn pictures."""
    shown: ShownShapes = show_shapes(folder / "asked", 3)
    bundle = towers_bundle(folder / "bundle", shown)
    with private_server("700m", "256m") as home:
        address = running_address(home)
        assert address is not None
        with connect_managed(address) as graph:
            prepare(graph)
            put_in(graph, bundle, "clip")
            asked = [thing.caption for thing in shown.things[:50]]
            for text in asked:
                text_to_images(graph, text)
            times = []
            for text in asked:
                began = time.perf_counter()
                text_to_images(graph, text)
                times.append(1000 * (time.perf_counter() - began))
    return Figure("text_to_images, a caption", f"{median(times):.1f} ms", "", "at most 20 ms",
                  median(times) <= 20)  # fmt: skip
