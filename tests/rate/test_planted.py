"""Bad sources planted beside three real models: found, named, and without any say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hartonomous.bundle_scan import scan
from hartonomous.extract.search.nearest_neighbours import NeighbourOptions, nearest
from hartonomous.graph.driver import Graph
from hartonomous.operations.health import doctor
from hartonomous.operations.ingestion import IngestReport, load_bundle
from hartonomous.rate.hubness import MOST_HUBNESS, find_hub
from hartonomous.rate.source_findings import read_findings
from tests.building import bundle_of, silent, write_vectors
from tests.planting import noise, shuffled, with_hubs
from tests.real_words import real_words

SIZE, K = 1_500, 18
Vectors = dict[str, np.ndarray]


@pytest.fixture(scope="module")
def real() -> tuple[list[str], Vectors]:
    return real_words(SIZE)


class Bench:
    """A graph with the three honest models, and the way to put others in."""

    def __init__(self, graph: Graph, folder: Path, words: list[str]) -> None:
        self.graph, self.folder, self.words = graph, folder, words

    def put(self, name: str, vectors: np.ndarray) -> IngestReport:
        output = self.folder / f"{name}-bundle"
        path = write_vectors(self.folder / name, self.words, vectors)
        return load_bundle(self.graph, bundle_of(path, output, K), name, silent)

    def decades(self) -> dict[tuple[str, str], int]:
        rows = self.graph.read(
            "MATCH (a)-[r:RELATES]->(b) RETURN a.text AS a, b.text AS b, r.decades AS decades"
        )
        return {(row["a"], row["b"]): row["decades"] for row in rows}


@pytest.fixture
def honest(graph: Graph, tmp_path: Path, real: tuple[list[str], Vectors]) -> Bench:
    words, vectors = real
    bench = Bench(graph, tmp_path, words)
    for name, one in vectors.items():
        assert bench.put(name, one).findings == ()
    return bench


def test_spoilt_models_and_copies_are_named_and_move_no_consensus(
    honest: Bench, real: tuple[list[str], Vectors], rng: np.random.Generator
) -> None:
    vectors = real[1]
    before = honest.decades()
    bad = {
        "shuffled": shuffled(vectors["minilm"], 1.0, rng),
        "half-shuffled": shuffled(vectors["wordllama"], 0.5, rng),
        "random": noise(vectors["minilm"], rng),
    }
    for name, one in bad.items():
        (finding,) = honest.put(name, one).findings
        assert (finding.source, finding.kind) == (name, "disagreement")
    assert {one.source for one in read_findings(honest.graph)} == set(bad)
    after = honest.decades()
    assert {pair: after[pair] for pair in before} == before
    check_copy(honest, vectors["minilm"], rng)


def check_copy(honest: Bench, original: np.ndarray, rng: np.random.Generator) -> None:
    before = honest.decades()
    report = honest.put("other-name", original + 1e-4 * original.std() * noise(original, rng))
    found = {one.source: one for one in report.findings}
    assert {one.kind for one in found.values()} == {"copy"}
    assert set(found) == {"other-name", "minilm"}
    assert "minilm" in found["other-name"].text
    after = honest.decades()
    moved = [abs(after[pair] - before[pair]) for pair in before if pair in after]
    # What changed places at the border of a list counts; nothing else may move by more than rounding.
    assert np.quantile(moved, 0.99) <= 1


def test_hubs_are_told_at_ingest_and_by_doctor(
    served: Graph, tmp_path: Path, real: tuple[list[str], Vectors]
) -> None:
    words, vectors = real[0], real[1]["minilm"]
    spoilt = with_hubs(vectors, 20, 140, np.random.default_rng(3))
    path = write_vectors(tmp_path / "hubs", words, spoilt)
    bundle = bundle_of(path, tmp_path / "bundle", k=7)
    (finding,) = load_bundle(served, bundle, "hubs", silent).findings
    assert (finding.source, finding.kind) == ("hubs", "hubs")
    assert served.read("MATCH (s:Source) RETURN s.hubness AS share")[0]["share"] > 0.04
    check = next(check for check in doctor() if check.name == "sources")
    assert check.verdict == "warning"
    assert "hubs has one word in" in check.seen


@pytest.mark.parametrize("model", ["minilm", "glove", "wordllama"])
def test_the_hub_is_the_one_most_lists_hold(
    tmp_path: Path, real: tuple[list[str], Vectors], model: str
) -> None:
    words, vectors = real[0], real[1][model]
    bundle = bundle_of(write_vectors(tmp_path / "m", words, vectors), tmp_path / "b", k=7)
    listed = np.bincount(nearest(vectors, NeighbourOptions(k=7)).indices.ravel(), minlength=SIZE)
    hub = find_hub(bundle, scan(bundle))
    assert hub is not None
    assert hub.share == pytest.approx(listed.max() / (SIZE - 1), abs=1e-4)
    assert hub.share < MOST_HUBNESS
    assert listed[words.index(hub.text)] == listed.max()


def test_lists_that_cover_much_of_the_vocabulary_tell_no_hubs(
    tmp_path: Path, real: tuple[list[str], Vectors]
) -> None:
    path = write_vectors(tmp_path / "m", real[0][:300], real[1]["glove"][:300])
    bundle = bundle_of(path, tmp_path / "b", k=30)
    assert find_hub(bundle, scan(bundle)) is None
