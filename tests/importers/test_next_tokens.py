"""Next tokens: what is counted is what the model computes, on what it was given to read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers

from hartonomous.bundle import Bundle
from hartonomous.bundle_scan import scan
from hartonomous.errors import BadInput, NotFound, UsageError
from hartonomous.extract import context_counts, input_texts
from hartonomous.extract.context_counts import ALONE, LEAST_SHARE_ALONE
from hartonomous.extract.extraction import ExtractOptions, extract, open_model
from hartonomous.extract.importer_protocol import OpenedModel, OpenOptions
from hartonomous.extract.search.nearest_neighbours import NeighbourOptions
from hartonomous.schema import ANYTHING, MICRO
from importers.transformers import causal_model
from importers.transformers.causal_model import CausalRunner
from importers.transformers.transformer_weights import load_transformer
from tests.building import silent, write_vectors
from tests.tiny_transformers import CAUSAL, SPECIALS, tiny

NEXT = frozenset({"next"})
TEXT = (
    "king queen river bank\nmoney crown king queen river lake.\n\nthrone prince king queen creek\n"
)
TOLERANCE = 2
"""Micro-units between two ways of computing the same, for each time counted."""


def causal(folder: Path, family: str = "llama", **options: Any) -> Path:
    return tiny(folder, family, causal_head=True, **options)


def opened(path: Path, tracks: frozenset[str] = NEXT, **options: Any) -> OpenedModel:
    return open_model(str(path), OpenOptions(tracks=tracks, **options))


def extracted(path: Path, output: Path, work: Path | None = None, **options: Any) -> Bundle:
    return extract(
        opened(path, **options), ExtractOptions(NeighbourOptions(k=5)), output, silent, work
    )


def written(folder: Path, text: str = TEXT, name: str = "a.txt") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)
    return folder / name


def rows(bundle: Bundle) -> tuple[dict[tuple[str, str], tuple[int, int]], dict[str, list[int]]]:
    """Return the evidence by texts, and n and mass of what was visited."""
    texts = bundle.compositions()["text"].to_pylist()
    (track,) = (t for t in bundle.tracks if t.evidence == "NEXT_EVIDENCE")
    table = [row for batch in bundle.evidence(track, 10**6) for row in batch.to_pylist()]
    evidence = {(texts[r["start"]], texts[r["end"]]): (r["n"], r["weight"]) for r in table}
    visits = {texts[r["composition"]]: [r["n"], r["mass"]] for r in bundle.contexts().to_pylist()}
    return evidence, visits


def shares(path: Path, ids: list[int]) -> np.ndarray:
    """Return what the model itself expects after ids, with its prefix before them."""
    model = transformers.AutoModelForCausalLM.from_pretrained(path).eval()
    with torch.inference_mode():
        logits = model(torch.tensor([[5, *ids]])).logits[0, -1]
    return torch.softmax(logits, -1).numpy()


@pytest.mark.parametrize("tracks", [NEXT, NEXT | {"layers"}], ids=["next", "layers,next"])
@pytest.mark.parametrize("family", CAUSAL)
def test_tokens_alone_are_what_the_model_computes(
    tmp_path: Path, family: str, tracks: frozenset[str]
) -> None:
    path = causal(tmp_path / "m", family)
    bundle = extracted(path, tmp_path / "b", tracks=tracks)
    scan(bundle)
    evidence, visits = rows(bundle)
    tokenizer = transformers.AutoTokenizer.from_pretrained(path)
    ids = tokenizer.get_vocab()
    expected = shares(path, [ids["king"]])
    assert visits["king"][0] == ALONE
    kept = {end: weight for (start, end), (_, weight) in evidence.items() if start == "king"}
    assert len(kept) > 5
    for end, weight in kept.items():
        assert abs(weight - ALONE * MICRO * expected[ids[end]]) <= ALONE * TOLERANCE
    words = [text for text in ids if text not in (*SPECIALS, "king")]
    assert {end for end in words if expected[ids[end]] > LEAST_SHARE_ALONE + 1e-5} <= kept.keys()
    assert sum(kept.values()) + visits["king"][1] == ALONE * MICRO
    assert ("king", "king") not in evidence


def test_tokens_alone_are_run_once_for_all_tracks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[int] = []
    logits_alone = CausalRunner._logits_alone

    def counted(self: CausalRunner, compositions: np.ndarray) -> Any:
        ran.append(len(compositions))
        return logits_alone(self, compositions)

    monkeypatch.setattr(CausalRunner, "_logits_alone", counted)
    for family, whole in (("llama", False), ("granite", True)):
        ran.clear()
        path = causal(tmp_path / family, family)
        bundle = extracted(path, tmp_path / f"{family}-b", tracks=NEXT | {"layers"})
        assert (sum(ran) > len(bundle.contexts()) // 2) == whole


def test_text_is_counted_by_contexts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # A tiny model expects everything about alike; nothing of it would be kept.
    monkeypatch.setattr(context_counts, "LEAST_SHARE", (0.0,) * 5)
    path = causal(tmp_path / "m")
    bundle = extracted(path, tmp_path / "b", read=(written(tmp_path),))
    scan(bundle)
    evidence, visits = rows(bundle)
    # The two lines are one paragraph; white space is no composition and ends nothing.
    assert visits["bank money"][0] == 1
    assert visits["king queen river"][0] == 2
    assert visits["king queen"][0] == 3
    assert visits["king"][0] == ALONE + 3
    assert visits[ANYTHING][0] == 15
    tokenizer = transformers.AutoTokenizer.from_pretrained(path)
    ids = tokenizer.get_vocab()
    words = ["throne", "prince", "king", "queen"]
    expected = shares(path, [ids[word] for word in words])
    for end in ("lake", "crown", "z"):
        n, weight = evidence[" ".join(words), end]
        assert n == 1
        assert abs(weight - MICRO * expected[ids[end]]) <= TOLERANCE
    texts = bundle.compositions()["text"].to_pylist()
    (row,) = (
        r for r in bundle.contexts().to_pylist() if texts[r["composition"]] == "king queen river"
    )
    assert [texts[row[part]] for part in ("prefix", "suffix", "token")] == [
        "king queen",
        "queen river",
        "river",
    ]


def test_a_long_text_is_read_in_windows_and_counted_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rng: np.random.Generator
) -> None:
    monkeypatch.setattr(causal_model, "WINDOW", 20)
    monkeypatch.setattr(causal_model, "OVERLAP", 6)
    words = [
        "king",
        "queen",
        "prince",
        "throne",
        "crown",
        "river",
        "creek",
        "lake",
        "bank",
        "money",
    ]
    text = " ".join(rng.choice(words, 157))
    bundle = extracted(causal(tmp_path / "m"), tmp_path / "b", read=(written(tmp_path, text),))
    _, visits = rows(bundle)
    assert visits[ANYTHING][0] == 157
    for order in (2, 3, 4):
        assert sum(n for name, (n, _) in visits.items() if name.count(" ") == order - 1) == (
            157 - order + 1
        )


def test_samples_are_the_same_again_and_end_where_the_model_ends(tmp_path: Path) -> None:
    path = causal(tmp_path / "m")
    first = extracted(path, tmp_path / "a", samples=400)
    again = extracted(path, tmp_path / "b", samples=400)
    more = extracted(path, tmp_path / "c", samples=500)
    assert first.digest == again.digest != more.digest
    assert first.source.options["samples"] == 400
    _, visits = rows(first)
    assert 0 < visits[ANYTHING][0] <= 7 * 63


def test_a_tokenizer_that_knows_no_opener_begins_with_its_own_words(tmp_path: Path) -> None:
    path = causal(tmp_path / "m")
    file = path / "tokenizer_config.json"
    settings = json.loads(file.read_text())
    # What is not known is then a special token, at which a text ends.
    file.write_text(json.dumps({**settings, "unk_token": "[UNK]"}))
    bundle = extracted(path, tmp_path / "b", samples=300)
    contexts = bundle.contexts()
    assert contexts.num_rows > 1
    assert bundle.digest == extracted(path, tmp_path / "again", samples=300).digest


def test_a_text_of_no_tokens_is_passed_over(tmp_path: Path) -> None:
    path = causal(tmp_path / "m")
    file = path / "tokenizer.json"
    tokenizer = json.loads(file.read_text())
    digits = {"type": "Replace", "pattern": {"Regex": "[0-9]"}, "content": ""}
    file.write_text(json.dumps({**tokenizer, "normalizer": digits}))
    plain = extracted(path, tmp_path / "plain", read=(written(tmp_path / "plain-text"),))
    mixed = written(tmp_path / "mixed", "123\n\n" + TEXT + "\n\n7 8 9\n")
    assert rows(extracted(path, tmp_path / "b", read=(mixed,))) == rows(plain)
    alone = extracted(path, tmp_path / "alone", read=(written(tmp_path / "none", "123\n"),))
    assert alone.contexts().num_rows == extracted(path, tmp_path / "c").contexts().num_rows


def test_its_own_texts_are_read_as_it_wrote_them(tmp_path: Path) -> None:
    path = causal(tmp_path / "m")
    runner = CausalRunner(load_transformer(path, "cpu"), opened(path).vocabulary)
    numbers = np.arange(5, 9)
    written, parts = runner.write(numbers), [*runner.read_written(numbers, silent)]
    np.testing.assert_array_equal(np.concatenate([p.tokens for p in parts]), written.tokens)
    shares = np.concatenate([part.shares for part in parts])
    expected = written.expected
    places = np.repeat(np.arange(len(shares)), np.diff(expected.bounds))
    assert len(places) > len(shares)
    apart = MICRO * shares[places, expected.ends] - expected.shares
    assert np.abs(apart).max() <= TOLERANCE


def test_an_interrupted_reading_goes_on_with_the_next_piece(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importers.transformers.next_tokens.BATCH", 16)
    path, read = causal(tmp_path / "m"), (written(tmp_path),)
    whole = extracted(path, tmp_path / "whole", read=read, samples=100)
    work = tmp_path / "work"
    model = opened(path, read=read, samples=100)

    def stop(stage: str, done: int, total: int) -> None:
        if stage == "reading":
            raise KeyboardInterrupt

    options = ExtractOptions(NeighbourOptions(k=5))
    with pytest.raises(KeyboardInterrupt):
        extract(model, options, tmp_path / "b", stop, work)
    kept = {file.name for file in work.iterdir()}
    assert "alone-00000048.npz" in kept
    assert "reading-000000.npz" in kept
    assert not [name for name in kept if name.startswith("samples")]
    (work / "alone-00000016.npz").write_bytes(b"cut off")
    ran: list[int] = []
    alone = causal_model.CausalRunner.alone
    monkeypatch.setattr(
        causal_model.CausalRunner,
        "alone",
        lambda self, part: (ran.append(int(part[0])), alone(self, part))[1],
    )
    resumed = extract(opened(path, read=read, samples=100), options, tmp_path / "b", silent, work)
    assert ran == [16]
    assert resumed.digest == whole.digest


def test_files_of_a_folder_that_are_not_read_are_counted(tmp_path: Path) -> None:
    folder = written(tmp_path / "texts").parent
    for name in ("picture.png", "table.csv", "b.md"):
        written(folder, TEXT, name)
    path = causal(tmp_path / "m")
    model = opened(path, read=(folder,))
    assert model.vocabulary.excluded["files of another kind"] == 2
    assert "files of another kind" not in opened(path, read=(folder / "a.txt",)).vocabulary.excluded


def test_what_was_read_is_part_of_the_source(tmp_path: Path) -> None:
    path = causal(tmp_path / "m")
    folder = tmp_path / "texts"
    written(folder, "king queen", "one.txt")
    written(folder / "deeper", "river lake", "two.md")
    written(folder, "never", "three.png")
    bundle = extracted(path, tmp_path / "b", read=(folder,))
    assert [f.name for f in bundle.source.files if f.name.startswith("read/")] == [
        "read/deeper/two.md",
        "read/one.txt",
    ]
    assert bundle.tracks[0].positions == (
        "every token alone",
        "read/deeper/two.md",
        "read/one.txt",
    )
    written(folder, "king queen prince", "one.txt")
    other = extracted(path, tmp_path / "c", read=(folder,))
    assert bundle.source.digest != other.source.digest


def test_all_takes_next_tokens_where_there_are_any(tmp_path: Path) -> None:
    both = opened(causal(tmp_path / "c"), frozenset({"all"}))
    assert [track.evidence for track in both.counted] == ["NEXT_EVIDENCE"]
    assert len(both.tracks) == 3
    none = opened(tiny(tmp_path / "b", "bert"), frozenset({"all"}))
    assert not none.counted
    assert none.options["tracks"] == ["embedding", "heads", "layers"]


def test_a_model_that_expects_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="BertModel"):
        opened(tiny(tmp_path / "b", "bert"))
    with pytest.raises(BadInput, match="LlamaModel"):
        opened(tiny(tmp_path / "h", "llama"))
    vectors = write_vectors(tmp_path / "v", ["a", "b", "c"], np.eye(3))
    with pytest.raises(UsageError, match="not run as a transformer"):
        opened(vectors)
    with pytest.raises(UsageError, match="cannot read or write"):
        opened(vectors, frozenset({"embedding"}), samples=5)
    with pytest.raises(UsageError, match="--tracks next"):
        opened(causal(tmp_path / "c"), frozenset({"embedding"}), read=(written(tmp_path),))


def test_text_that_cannot_be_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = causal(tmp_path / "m")

    def refused(kind: type[Exception], match: str, *read: Path) -> None:
        with pytest.raises(kind, match=match):
            opened(path, read=read)

    latin = tmp_path / "latin.txt"
    latin.write_bytes("König".encode("latin-1"))
    refused(BadInput, r"latin.txt, line 1, byte 1: 0xf6 is not UTF-8", latin)
    both = tmp_path / "both"
    both.mkdir()
    latin.rename(both / "latin.txt")
    refused(BadInput, "None of 1 texts can be read; the first: .*latin.txt", both)
    written(both)
    model = opened(path, read=(both,))
    assert [file.name for file in model.unread] == ["latin.txt"]
    assert model.vocabulary.excluded["files that cannot be read"] == 1
    zeros = tmp_path / "zeros.txt"
    zeros.write_bytes(b"king\0queen")
    refused(BadInput, "line 1: there is a NUL", zeros)
    refused(NotFound, "no text to read", tmp_path / "missing.txt")
    (tmp_path / "empty").mkdir()
    refused(BadInput, "no file that ends in", tmp_path / "empty")
    huge = tmp_path / "huge.txt"
    with huge.open("wb") as file:
        file.truncate(1_000_000_000)
    refused(
        BadInput, "1,000 MB of text are about 250 million tokens, which take about 139 hours", huge
    )
    monkeypatch.setattr(input_texts, "MOST_BYTES", 20)
    refused(BadInput, "per source are allowed", written(tmp_path))


def test_expectations_that_are_not_finite_are_refused(tmp_path: Path) -> None:
    path = causal(tmp_path / "m")
    model = transformers.AutoModelForCausalLM.from_pretrained(path)
    with torch.no_grad():
        model.lm_head.weight[0, 0] = float("nan")
    model.save_pretrained(path)
    with pytest.raises(BadInput, match="not finite"):
        extracted(path, tmp_path / "b")
