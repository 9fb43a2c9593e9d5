"""Given words run through a whole model: pooled as it pools itself, beside its own vocabulary."""

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
from hartonomous.errors import BadInput, UsageError
from hartonomous.evaluate.word_similarity import correlate, gensim_pairs
from hartonomous.extract.extraction import ExtractOptions, extract, forecast, open_model
from hartonomous.extract.importer_protocol import OpenedModel, OpenOptions, VectorTrack
from hartonomous.extract.search.nearest_neighbours import NeighbourOptions, centred, normalised
from hartonomous.graph.driver import Graph
from hartonomous.identity import composition_key
from hartonomous.schema import TOKEN
from importers.transformers import pooled_words
from importers.transformers.sentence_encoders import open_encoder
from tests import models
from tests.building import put_in, silent
from tests.command_line import failed, run
from tests.tiny_transformers import SPECIALS, tiny, tiny_encoder

GIVEN = ["king", "river bank", "queen", "kings", "money lake", "crown", "a prince", "creeks"]
TOLERANCE = 1e-5
SEARCH = ExtractOptions(NeighbourOptions(k=3))


def list_of(folder: Path, words: list[str] = GIVEN) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "words.txt").write_text("".join(f"{word}\n" for word in words))
    return folder / "words.txt"


def opened(path: Path, words: Path, tracks: str = "words", **options: Any) -> OpenedModel:
    chosen = frozenset(tracks.split(","))
    return open_model(str(path), OpenOptions(tracks=chosen, words=words, **options))


def vectors(model: OpenedModel) -> tuple[VectorTrack, dict[str, list[np.ndarray]]]:
    """Return the track of words, and each word's vector at every position."""
    (track,) = (one for one in model.tracks if one.evidence == "WORD_EVIDENCE")
    assert track.prepare is not None
    track.prepare(silent)
    texts = (track.vocabulary or model.vocabulary).compositions["text"].to_pylist()
    at = [track.vectors(position) for position in range(len(track.positions))]
    return track, {text: [one[row] for one in at] for row, text in enumerate(texts)}


def test_a_sentence_encoder_pools_by_its_own_modules(tmp_path: Path) -> None:
    path, words = tiny_encoder(tmp_path / "m"), list_of(tmp_path)
    model = opened(path, words, "words,layers")
    track, found = vectors(model)
    assert track.positions == ("layer 0", "layer 1", "output")
    expected = open_encoder(path).encode(GIVEN)
    reference = transformers.AutoModel.from_pretrained(path).eval()
    for text, whole in zip(GIVEN, expected, strict=True):
        np.testing.assert_allclose(found[text][-1], whole, atol=TOLERANCE)
    ids = [2, _id(path, "river"), _id(path, "bank"), 3]
    with torch.inference_mode():
        states = reference(torch.tensor([ids]), output_hidden_states=True).hidden_states
    for layer in (0, 1):
        mean = states[layer][0].mean(dim=0).numpy()
        np.testing.assert_allclose(
            found["river bank"][layer], mean / np.linalg.norm(mean), atol=TOLERANCE
        )


@pytest.mark.parametrize("pooling", ["cls_token", "max_tokens"])
def test_other_poolings_are_the_models_own(tmp_path: Path, pooling: str) -> None:
    path = tiny_encoder(tmp_path / "m")
    described = {
        "word_embedding_dimension": 16,
        "pooling_mode_mean_tokens": False,
        f"pooling_mode_{pooling}": True,
    }
    (path / "1_Pooling" / "config.json").write_text(json.dumps(described))
    _, found = vectors(opened(path, list_of(tmp_path)))
    expected = open_encoder(path).encode(GIVEN)
    for text, whole in zip(GIVEN, expected, strict=True):
        np.testing.assert_allclose(found[text][0], whole, atol=TOLERANCE)


def test_a_prompt_is_read_and_pooled_as_the_encoder_says(tmp_path: Path) -> None:
    words = list_of(tmp_path)
    plain, prompted, left_out = (tiny_encoder(tmp_path / name) for name in ("m", "p", "o"))
    for path in (prompted, left_out):
        said = {"prompts": {"usual": "king queen "}, "default_prompt_name": "usual"}
        (path / "config_sentence_transformers.json").write_text(json.dumps(said))
        # The library tells the end of a prompt by the marks that are declared.
        tokenizer = json.loads((path / "tokenizer_config.json").read_text())
        tokenizer |= {"cls_token": "[CLS]", "sep_token": "[SEP]"}
        (path / "tokenizer_config.json").write_text(json.dumps(tokenizer))
    pooling = json.loads((left_out / "1_Pooling" / "config.json").read_text())
    (left_out / "1_Pooling" / "config.json").write_text(
        json.dumps({**pooling, "include_prompt": False})
    )
    met = []
    for path in (plain, prompted, left_out):
        _, found = vectors(opened(path, words))
        expected = open_encoder(path).encode(GIVEN)
        for text, whole in zip(GIVEN, expected, strict=True):
            np.testing.assert_allclose(found[text][0], whole, atol=TOLERANCE)
        met.append(found["crown"][0])
    assert min(np.abs(met[a] - met[b]).max() for a, b in ((0, 1), (0, 2), (1, 2))) > 1e-4


def test_of_an_encoder_the_mean_of_its_frame_and_tokens_is_taken(tmp_path: Path) -> None:
    path = tiny(tmp_path / "m", "bert")
    model = opened(path, list_of(tmp_path), "words,layers")
    _, found = vectors(model)
    reference = transformers.AutoModel.from_pretrained(path).eval()
    ids = [2, _id(path, "river"), _id(path, "bank"), 3]
    with torch.inference_mode():
        states = reference(torch.tensor([ids]), output_hidden_states=True).hidden_states
    assert len(states) == len(found["river bank"]) == 3
    for state, own in zip(states, found["river bank"], strict=True):
        np.testing.assert_allclose(own, state[0].mean(dim=0).numpy(), atol=TOLERANCE)


@pytest.mark.parametrize("family", ["gpt2", "llama", "mixtral"])
@pytest.mark.parametrize("head", [True, False])
def test_of_a_decoder_the_last_token_is_taken(tmp_path: Path, family: str, head: bool) -> None:
    path = tiny(tmp_path / "m", family, causal_head=head)
    _, found = vectors(opened(path, list_of(tmp_path), "words,layers"))
    reference = transformers.AutoModel.from_pretrained(path).eval()
    ids = [5, _id(path, "king"), _id(path, "##s")]
    with torch.inference_mode():
        states = reference(torch.tensor([ids]), output_hidden_states=True).hidden_states
    for state, own in zip(states, found["kings"], strict=True):
        np.testing.assert_allclose(own, state[0, -1].numpy(), atol=TOLERANCE)


def test_words_without_a_known_token_or_too_long_are_left_out_and_counted(tmp_path: Path) -> None:
    words = [*GIVEN, "Ωμέγα", "ψυχή Ω", "king Ω", "a" * 80, "king", "queen"]
    for number, path in enumerate((tiny(tmp_path / "m", "bert"), tiny_encoder(tmp_path / "e"))):
        model = opened(path, list_of(tmp_path / str(number), words))
        assert model.vocabulary.excluded == {
            "longer than the model's window": 1,
            "only unknown tokens": 2,
        }
        assert model.vocabulary.merged == 2
        _, found = vectors(model)
        assert set(found) == {*GIVEN, "king Ω"}


def test_a_vector_does_not_depend_on_the_words_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tiny_encoder(tmp_path / "m")
    _, together = vectors(opened(path, list_of(tmp_path)))
    monkeypatch.setattr(pooled_words, "BATCH_TEXTS", 1)
    monkeypatch.setattr(pooled_words, "PIECE", 3)
    _, apart = vectors(opened(path, list_of(tmp_path / "two", GIVEN[::-1])))
    for text in GIVEN:
        np.testing.assert_allclose(together[text][0], apart[text][0], atol=1e-6)


def test_words_and_the_input_matrix_stand_in_one_source(tmp_path: Path) -> None:
    path, words = tiny(tmp_path / "m", "bert"), list_of(tmp_path)
    model, own = opened(path, words, "embedding"), opened(path, words)
    alone = open_model(str(path), OpenOptions())
    bundle = extract(model, SEARCH, tmp_path / "b", silent)
    scan(bundle)
    kinds = {track.evidence: track for track in bundle.tracks}
    assert kinds["WORD_EVIDENCE"].vocabulary == len(GIVEN)
    assert kinds["EMBEDDING_EVIDENCE"].vocabulary == len(alone.vocabulary)
    compositions = bundle.compositions()
    keys = compositions["key"].to_pylist()
    assert keys == sorted({*_keys(alone), *_keys(own)})
    assert len(keys) == forecast(model, SEARCH)["compositions"]
    assert composition_key(TOKEN, "king") in {*_keys(alone)} & {*_keys(own)}
    assert composition_key(TOKEN, "river bank") in {*_keys(own)} - {*_keys(alone)}
    # Rows lie among the words of their own track alone, and are those of each track by itself.
    for evidence, other in (("WORD_EVIDENCE", own), ("EMBEDDING_EVIDENCE", alone)):
        by_itself = extract(other, SEARCH, tmp_path / evidence, silent)
        assert _rows(bundle, evidence) == _rows(by_itself, evidence)
        assert {key for pair in _rows(bundle, evidence) for key in pair} <= {*_keys(other)}


def test_what_was_asked_for_before_is_the_same_source(tmp_path: Path) -> None:
    path, words = tiny(tmp_path / "m", "bert"), list_of(tmp_path)
    for tracks in ("embedding", "embedding,layers,heads"):
        plain = open_model(str(path), OpenOptions(tracks=frozenset(tracks.split(","))))
        assert "words" not in plain.options
        assert plain.options != opened(path, words, tracks).options


def test_files_of_the_modules_are_the_sources(tmp_path: Path) -> None:
    path = tiny_encoder(tmp_path / "m")
    names = [file.name for file in opened(path, list_of(tmp_path)).files]
    assert {"words/words.txt", "modules.json", "1_Pooling/config.json", "config.json"} < set(names)
    assert len(names) == len(set(names))


def test_an_interrupted_run_goes_on_with_the_next_piece(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pooled_words, "PIECE", 3)
    path, words = tiny(tmp_path / "m", "bert"), list_of(tmp_path)
    whole = extract(opened(path, words, "words,layers"), SEARCH, tmp_path / "whole", silent)

    def stop(stage: str, done: int, total: int) -> None:
        if (stage, done) == ("words", 6):
            raise KeyboardInterrupt

    work = tmp_path / "work"
    with pytest.raises(KeyboardInterrupt):
        extract(opened(path, words, "words,layers"), SEARCH, tmp_path / "b", stop, work)
    pieces = sorted(work.glob("WORD_EVIDENCE-vectors-*.npz"))
    assert len(pieces) == 2
    pieces[0].write_bytes(b"cut off")
    model = opened(path, words, "words,layers")
    batches: list[int] = []
    real = pooled_words.PooledWords._run_batch

    def counting(self: Any, rows: Any) -> Any:
        batches.append(len(rows))
        return real(self, rows)

    monkeypatch.setattr(pooled_words.PooledWords, "_run_batch", counting)
    resumed = extract(model, SEARCH, tmp_path / "b", silent, work)
    assert sum(batches) == len(GIVEN) - 3
    assert resumed.digest == whole.digest


def test_a_limit_takes_the_most_frequent(tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("".join(f"{w}\t{n}\n" for n, w in enumerate(GIVEN)))
    path = tiny(tmp_path / "m", "bert")
    model = opened(path, tmp_path / "words.txt", limit=20)
    assert len(model.vocabulary) == len(GIVEN)
    model = opened(path, tmp_path / "words.txt", limit=3)
    assert set(model.vocabulary.compositions["text"].to_pylist()) == set(GIVEN[-3:])
    assert model.vocabulary.excluded == {"beyond the limit": 5}


def test_asking_for_the_impossible_is_refused(tmp_path: Path) -> None:
    path, words = tiny(tmp_path / "m", "bert"), list_of(tmp_path)
    with pytest.raises(UsageError, match="--words FILE"):
        open_model(str(path), OpenOptions(tracks=frozenset({"words"})))
    with pytest.raises(BadInput, match=r"1 words are left.*1 only unknown tokens"):
        opened(path, list_of(tmp_path / "few", ["king", "Ω"]))
    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 4}
    clip = transformers.CLIPConfig(
        text_config={**sizes, "vocab_size": 68}, vision_config={**sizes, "image_size": 32}
    )
    transformers.CLIPModel(clip).save_pretrained(path)
    with pytest.raises(BadInput, match="no text encoder that can be run alone"):
        opened(path, words)


def test_exit_codes(tmp_path: Path) -> None:
    path, out = tiny(tmp_path / "m", "bert"), ("--output", tmp_path / "b")
    broken = tmp_path / "latin.txt"
    broken.write_bytes("café\n".encode("latin-1"))
    for code, given in ((3, tmp_path / "none.txt"), (7, broken), (7, list_of(tmp_path / "e", []))):
        assert str(given) in failed(code, "extract", path, "--words", given, *out)
    failed(2, "extract", path, "--tracks", "words", *out)
    done = run("extract", path, "--words", list_of(tmp_path), *out, "--k", "3", "--quiet")
    assert done.exit_code == 0, done.output
    assert "WORD_EVIDENCE" in done.stdout


def test_a_phrase_meets_its_words_and_the_words_of_other_models(
    graph: Graph, tmp_path: Path
) -> None:
    first = opened(tiny(tmp_path / "m", "bert"), list_of(tmp_path))
    other = open_model(str(tiny(tmp_path / "o", "llama", seed=1)), OpenOptions())
    put_in(graph, extract(first, SEARCH, tmp_path / "first", silent), "words")
    put_in(graph, extract(other, SEARCH, tmp_path / "other", silent), "matrix")
    linked = graph.read(
        "MATCH (p:Phrase {text: 'river bank'})-[:HAS_WORD]->(w:Token) RETURN w.text AS word "
        "ORDER BY word"
    )
    assert [row["word"] for row in linked] == ["bank", "river"]
    shared = graph.read(
        "MATCH (c:Token {text: 'king'})-[e]-() WHERE e.source IS NOT NULL "
        "RETURN DISTINCT type(e) AS type, e.source AS source ORDER BY type"
    )
    assert shared == [
        {"type": "EMBEDDING_EVIDENCE", "source": "matrix"},
        {"type": "WORD_EVIDENCE", "source": "words"},
    ]
    votes = graph.read(
        "MATCH (:Token {text: 'river bank'})-[r:RELATES]-(o) RETURN o.text AS other, r.sources AS n"
    )
    assert votes and all(row["n"] == 1 for row in votes)
    # Its silence speaks: a pair of its words that it does not list has its constant.
    track = graph.read("MATCH (t:Track {evidence: 'WORD_EVIDENCE'}) RETURN t.absent AS absent")
    assert track[0]["absent"] < 0


def test_the_real_model_knows_words_that_its_vocabulary_lacks(tmp_path: Path) -> None:
    pairs = gensim_pairs()
    words = dict.fromkeys(word for gold in pairs for both in gold.words for word in both)
    phrases = ["heart attack", "myocardial infarction", "nephrologist", "kidney doctor"]
    _, found = vectors(opened(models.MINILM, list_of(tmp_path, [*words, *phrases])))
    assert set(found) == {*words, *phrases}
    unit = normalised(centred(np.array([one[0] for one in found.values()])))
    texts = list(found)
    row = {text: place for place, text in enumerate(texts)}
    for gold, least in zip(pairs, (0.72, 0.47), strict=True):
        ends = np.array([[row[first], row[second]] for first, second in gold.words]).T
        assert correlate(gold, np.einsum("ij,ij->i", unit[ends[0]], unit[ends[1]])) > least
    for phrase, other in zip(phrases[::2], phrases[1::2], strict=True):
        assert texts[np.argsort(-(unit @ unit[row[phrase]]))[1]] == other


def _id(path: Path, token: str) -> int:
    vocabulary = json.loads((path / "tokenizer.json").read_text())["model"]["vocab"]
    assert token not in SPECIALS
    return int(vocabulary[token])


def _keys(model: OpenedModel) -> list[str]:
    return list(model.vocabulary.compositions["key"].to_pylist())


def _rows(bundle: Bundle, evidence: str) -> dict[tuple[str, str], tuple[int, int]]:
    keys = bundle.compositions()["key"].to_pylist()
    (track,) = (one for one in bundle.tracks if one.evidence == evidence)
    return {
        (keys[row["start"]], keys[row["end"]]): (row["n"], row["weight"])
        for batch in bundle.evidence(track, 1_000)
        for row in batch.to_pylist()
    }
