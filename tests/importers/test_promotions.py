"""What heads promote, read off the weights: the circuits are the formula's, the rows what was listed."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers

from hartonomous.bundle import read_bundle
from hartonomous.bundle_scan import scan
from hartonomous.delete.deletion import apply
from hartonomous.delete.deletion_plan import plan
from hartonomous.delete.selectors import Selectors
from hartonomous.errors import BadInput, UsageError
from hartonomous.extract.extraction import ExtractOptions, extract, forecast, open_model
from hartonomous.extract.importer_protocol import ALL, OpenedModel, OpenOptions
from hartonomous.graph.driver import Graph
from hartonomous.graph.writer_lock import WriterLock
from hartonomous.rate.formulas import elo
from hartonomous.schema import MICRO
from importers.transformers import head_promotions
from tests.building import exported, put_in, random_bundle, silent, write_vectors
from tests.tiny_transformers import tiny

PROMOTIONS = frozenset({"promotions"})
HEADS, SIZE = 4, 4
Doubles = np.ndarray


def opened(path: Path, tracks: frozenset[str] = PROMOTIONS) -> OpenedModel:
    return open_model(str(path), OpenOptions(tracks=tracks))


def double(tensor: Any) -> Doubles:
    return np.asarray(tensor.detach().double().numpy())


def scores_of_llama(model: Any, rows: Doubles, layer: int, head: int) -> tuple[Doubles, Doubles]:
    """Return scores (N, N) and what is written (N, width); two query heads share their values."""
    block = model.model.layers[layer]
    embedded = double(model.model.embed_tokens.weight)[rows]
    scale = np.sqrt((embedded**2).mean(axis=1, keepdims=True) + model.config.rms_norm_eps)
    seen = embedded / scale * double(block.input_layernorm.weight)
    own = slice(head // 2 * SIZE, (head // 2 + 1) * SIZE)
    values = seen @ double(block.self_attn.v_proj.weight)[own].T
    written = values @ double(block.self_attn.o_proj.weight)[:, head * SIZE : (head + 1) * SIZE].T
    return said(written * double(model.model.norm.weight), double(model.lm_head.weight)[rows])


def scores_of_gpt2(model: Any, rows: Doubles, layer: int, head: int) -> tuple[Doubles, Doubles]:
    block = model.transformer.h[layer]
    embedded = double(model.transformer.wte.weight)[rows]
    seen = embedded - embedded.mean(axis=1, keepdims=True)
    seen /= np.sqrt((seen**2).mean(axis=1, keepdims=True) + model.config.layer_norm_epsilon)
    seen = seen * double(block.ln_1.weight) + double(block.ln_1.bias)
    width = HEADS * SIZE
    own = slice(2 * width + head * SIZE, 2 * width + (head + 1) * SIZE)
    values = seen @ double(block.attn.c_attn.weight)[:, own] + double(block.attn.c_attn.bias)[own]
    written = values @ double(block.attn.c_proj.weight)[head * SIZE : (head + 1) * SIZE]
    written -= written.mean(axis=1, keepdims=True)
    last = written * double(model.transformer.ln_f.weight)
    return said(last, double(model.lm_head.weight)[rows])


def said(written: Doubles, vocabulary: Doubles) -> tuple[Doubles, Doubles]:
    """Return what is written as it is said over the vocabulary, both less what is always so."""
    written = written - written.mean(axis=0)
    vocabulary = vocabulary - vocabulary.mean(axis=0)
    scores = written @ vocabulary.T
    lengths = np.linalg.norm(written, axis=1)[:, None] * np.linalg.norm(vocabulary, axis=1)
    return scores, scores / lengths


def altered(path: Path) -> Any:
    """Return the model with norms and biases that are not the neutral ones of a new model, saved."""
    model = transformers.AutoModelForCausalLM.from_pretrained(path)
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for name, tensor in model.named_parameters():
            if "norm" in name or "ln_" in name or name.endswith("bias"):
                tensor.add_(0.3 * torch.randn(tensor.shape, generator=generator))
    model.save_pretrained(path)
    return model


@pytest.mark.parametrize(
    ("family", "expected"), [("llama", scores_of_llama), ("gpt2", scores_of_gpt2)]
)
def test_every_head_is_the_formula_in_double_precision(
    tmp_path: Path, family: str, expected: Any
) -> None:
    path = tiny(tmp_path, family, causal_head=True)
    model = altered(path)
    (track,) = opened(path).listed
    rows = opened(path).vocabulary.rows
    assert track.positions[5] == "layer 2, head 2"
    assert len(track.positions) == 2 * HEADS
    k = track.k
    for position in range(len(track.positions)):
        scores, cosines = expected(model, rows, *divmod(position, HEADS))
        np.fill_diagonal(scores, -np.inf)
        found = track.listing(position, lambda done, total: None)
        best = -np.sort(-scores, axis=1)[:, :k]
        there = found.indices >= 0
        assert there.mean() > 0.99
        assert (found.indices != np.arange(len(rows))[:, None]).all()
        indices = np.where(there, found.indices, 0)
        np.testing.assert_allclose(
            np.take_along_axis(scores, indices, axis=1)[there], best[there], rtol=1e-4
        )
        np.testing.assert_allclose(
            found.similarities[there],
            np.take_along_axis(cosines, indices, axis=1)[there],
            rtol=1e-4,
        )
        assert (best[~there] <= 1e-6).all()


def test_rows_are_the_heads_that_list_them_by_direction(tmp_path: Path) -> None:
    model = opened(tiny(tmp_path / "m", "llama", causal_head=True))
    (track,) = model.listed
    expected: dict[tuple[str, str], list[float]] = defaultdict(list)
    keys = model.vocabulary.compositions["key"].to_pylist()
    for position in range(len(track.positions)):
        found = track.listing(position, lambda done, total: None)
        for row, (indices, cosines) in enumerate(
            zip(found.indices, found.similarities, strict=True)
        ):
            for other, cosine in zip(indices, cosines, strict=True):
                if other >= 0:
                    expected[keys[row], keys[other]].append(round(cosine * MICRO))
    bundle = extract(model, ExtractOptions(), tmp_path / "b", silent)
    (described,) = bundle.tracks
    kept = {pair: told for pair, told in expected.items() if len(told) >= 5}
    placed = bundle.compositions()["key"].to_pylist()
    (rows,) = bundle.evidence(described, 10**6)
    assert {
        (placed[row["start"]], placed[row["end"]]): (row["n"], row["weight"])
        for row in rows.to_pylist()
    } == {pair: (len(told), sum(told)) for pair, told in kept.items()}
    assert described.rows == len(kept) > 10
    assert any((end, start) not in kept for start, end in kept)
    assert (described.minimum, described.below) == (5, len(expected) - len(kept))
    assert described.observations == sum(map(len, kept.values()))
    assert forecast(model, ExtractOptions())["evidence_edges"] >= described.rows
    scan(read_bundle(tmp_path / "b"))


def test_an_interrupted_extraction_goes_on_with_the_next_head(tmp_path: Path) -> None:
    path = tiny(tmp_path / "m", "gpt2", causal_head=True)
    tracks = frozenset({"embedding", "next", "promotions"})
    whole = extract(opened(path, tracks), ExtractOptions(), tmp_path / "whole", silent)

    def stop(stage: str, done: int, total: int) -> None:
        if stage == "promotion: layer 2, head 1":
            raise KeyboardInterrupt

    work = tmp_path / "work"
    with pytest.raises(KeyboardInterrupt):
        extract(opened(path, tracks), ExtractOptions(), tmp_path / "b", stop, work)
    searched: list[str] = []
    resumed = extract(
        opened(path, tracks),
        ExtractOptions(),
        tmp_path / "b",
        lambda stage, *_: searched.append(stage),
        work,
    )
    assert "promotion: layer 1, head 4" not in searched
    assert "promotion: layer 2, head 1" in searched
    assert resumed.digest == whole.digest
    assert [track.evidence for track in resumed.tracks] == [
        "EMBEDDING_EVIDENCE",
        "PROMOTION_EVIDENCE",
        "NEXT_EVIDENCE",
    ]


def test_promotions_are_rated_and_taken_out(graph: Graph, tmp_path: Path) -> None:
    put_in(graph, random_bundle(tmp_path, 1), "words")
    before = exported(graph)
    bundles = {}
    for seed in (1, 2):
        model = opened(tiny(tmp_path / f"m{seed}", "llama", causal_head=True, seed=seed))
        bundles[seed] = extract(model, ExtractOptions(), tmp_path / f"b{seed}", silent)
        put_in(graph, bundles[seed], f"llama-{seed}")
    rated = graph.read(
        "MATCH (a)-[r:PROMOTES]->(b) MATCH (a)-[e:PROMOTION_EVIDENCE]->(b) "
        "RETURN id(r) AS id, r.elo AS elo, r.n AS n, r.sources AS sources, sum(e.n) AS evidence, "
        "sum(e.weight) AS weight, count(e) AS edges"
    )
    assert len(rated) > 20
    assert sum(row["edges"] for row in rated) == sum(b.tracks[0].rows for b in bundles.values())
    for row in rated:
        assert (row["n"], row["sources"]) == (row["evidence"], row["edges"])
        assert row["elo"] == pytest.approx(elo(row["n"], row["weight"], row["sources"]))
    with WriterLock(graph, "test") as lock:
        for seed in (1, 2):
            apply(graph, lock, plan(graph, Selectors(sources=(f"llama-{seed}",)), silent), silent)
    assert exported(graph) == before


def test_promotions_are_taken_only_when_named(tmp_path: Path) -> None:
    path = tiny(tmp_path / "m", "llama", causal_head=True)
    whole = opened(path, frozenset({ALL}))
    assert (whole.listed, len(whole.counted)) == ((), 1)
    both = opened(path, frozenset({ALL, "promotions"}))
    assert len(both.listed) == len(both.counted) == 1


def test_what_promotes_nothing_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadInput, match="no causal model"):
        opened(tiny(tmp_path / "bert", "bert"))
    with pytest.raises(BadInput, match="no causal model"):
        opened(tiny(tmp_path / "headless", "llama"))
    with pytest.raises(UsageError, match="not run as a transformer"):
        opened(write_vectors(tmp_path / "v", ["a", "b"], np.eye(2)))
    path = tiny(tmp_path / "m", "llama", causal_head=True)
    with monkeypatch.context() as patched:
        patched.delitem(head_promotions.LAYOUTS, "llama")
        with pytest.raises(BadInput, match="not known how to read"):
            opened(path)
    model = transformers.AutoModelForCausalLM.from_pretrained(path)
    with torch.no_grad():
        model.model.layers[1].self_attn.v_proj.weight[0, 0] = float("nan")
    model.save_pretrained(path)
    (track,) = opened(path).listed
    track.listing(0, lambda done, total: None)
    with pytest.raises(BadInput, match="layer 2, head 1"):
        track.listing(4, lambda done, total: None)
