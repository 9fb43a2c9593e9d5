"""Observed pieces: the same bundle whatever the order, the workers and the interruptions."""

from __future__ import annotations

import pickle
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from hartonomous.bundle import Bundle, OpenedFile, read_bundle
from hartonomous.bundle_scan import scan
from hartonomous.counted_rows import counted_rows, margins
from hartonomous.errors import BadInput, UsageError
from hartonomous.evidence import OWN, own_properties
from hartonomous.extract import piece_merge
from hartonomous.extract.context_counts import ExpectationCounter, Expectations, Listed
from hartonomous.extract.extraction import ExtractOptions, extract, extract_cached, forecast
from hartonomous.extract.importer_protocol import (
    CountedTrack,
    ListedTrack,
    OpenedModel,
    OpenOptions,
    PairTrack,
    ReadyPairs,
    VectorTrack,
)
from hartonomous.extract.observed_pieces import (
    ObservedPiece,
    ObservedTracks,
    Piece,
    piece_tables,
    sum_rows,
)
from hartonomous.extract.piece_merge import Buckets, even_tables
from hartonomous.extract.place_list import MORE_PLACES
from hartonomous.extract.search.nearest_neighbours import NeighbourOptions, Neighbours
from hartonomous.extract.vocabulary import build_vocabulary, no_vocabulary, whole_words
from hartonomous.held_places import MOST, place_table
from hartonomous.identity import composition_key, content_digest
from hartonomous.operations import model_request
from hartonomous.operations.model_request import ModelRequest
from hartonomous.operations.model_request import extract as run
from hartonomous.schema import MICRO, Kind, Property, TrackConstants, evidence_type, extended
from tests.building import WORDS, silent

DEPICTS, LIKE = "DEPICTION_EVIDENCE", "COOCCURRENCE_EVIDENCE"
"""A directed type, and an undirected one."""

PIECES: tuple[Piece, ...] = tuple(("shard", number) for number in range(6))


class Killed(BaseException):
    """The process ends here."""


@dataclass
class Pictures:
    """Makes up pictures: each piece is four of them, with words that other pieces have too."""

    lives: int = 1_000
    met: list[Piece] = field(default_factory=list)

    def __call__(self, piece: Piece) -> ObservedPiece:
        self.met.append(piece)
        self.lives -= 1
        if self.lives < 0:
            raise Killed
        assert isinstance(piece, tuple) and isinstance(piece[1], int)
        rng = np.random.default_rng(piece[1])
        words = [WORDS[place] for place in rng.integers(0, 12, 9)]
        pictures = [f"picture {piece[1]}-{number}" for number in range(4)]
        texts = words + pictures
        kinds = ["Token"] * 9 + ["Image"] * 4
        shown = np.stack([rng.integers(9, 13, 20), rng.integers(0, 9, 20)], axis=1)
        like = rng.integers(0, 9, (20, 2))
        # Words may be the same one under two numbers.
        like = like[[words[a] != words[b] for a, b in like.tolist()]]
        # Every word in nine places, some of which other pieces have, and some twice in this one.
        held = [(row, f"{rng.integers(0, 30):02d}.jpg#{texts[row]}") for row in range(9)] * 2
        held += [(row, f"{row + piece[1]:02d}é.jpg#{n}") for row in range(9) for n in range(8)]
        held += [(row, f"shard {piece[1]}/{row}.jpg") for row in range(9, 13)]
        return ObservedPiece(
            pa.table({"text": texts, "kind": kinds}),
            {DEPICTS: counted(shown, rng), LIKE: counted(like, rng)},
            {"blurred": piece[1]},
            places_of(*(held[at] for at in rng.permutation(len(held)))),
        )


def places_of(*rows: tuple[int, str]) -> pa.Table:
    compositions, places = zip(*rows, strict=True)
    return pa.table({"place": places, "composition": compositions})


def counted(pairs: np.ndarray, rng: np.random.Generator) -> pa.Table:
    n = rng.integers(1, 4, len(pairs))
    weight = rng.integers(0, n * MICRO + 1)
    return pa.table({"start": pairs[:, 0], "end": pairs[:, 1], "n": n, "weight": weight})


def tracks_of(observe: Any, pieces: Any = PIECES) -> ObservedTracks:
    return ObservedTracks((DEPICTS, LIKE), ("detector",), pieces, observe, 100)


def expected_places(*pieces: ObservedPiece) -> dict[str, list[str]]:
    """Return the distinct places of the texts of pieces, in order, however many."""
    found: dict[str, set[str]] = defaultdict(set)
    for piece in pieces:
        assert piece.places is not None
        texts = piece.compositions["text"].to_pylist()
        for row in piece.places.to_pylist():
            found[texts[row["composition"]]].add(row["place"])
    return {text: sorted(places) for text, places in found.items()}


def held_in(bundle: Bundle) -> dict[str, list[str]]:
    texts = bundle.compositions()["text"].to_pylist()
    found: dict[str, list[str]] = defaultdict(list)
    for batch in bundle.places(100):
        for row in batch.to_pylist():
            found[texts[row["composition"]]].append(row["place"])
    return dict(found)


EXPECTED_PLACES = expected_places(*map(Pictures(), PIECES))
EXCLUDED = {
    "blurred": sum(range(6)),
    MORE_PLACES: sum(max(0, len(places) - MOST) for places in EXPECTED_PLACES.values()),
}


def model_of(*observed: ObservedTracks, **more: Any) -> OpenedModel:
    file = OpenedFile("pictures", content_digest("test", {}), 1)
    settings = {"vocabulary": no_vocabulary(), "tracks": (), **more}
    return OpenedModel("test", (file,), 0, options={}, kind="corpus", observed=observed, **settings)


def rows_of(bundle: Bundle, evidence: str) -> dict[tuple[str, str], tuple[int, int]]:
    """Return n and weight by the texts of a pair."""
    texts = bundle.compositions()["text"].to_pylist()
    (track,) = [one for one in bundle.tracks if one.evidence == evidence]
    return {
        (texts[row["start"]], texts[row["end"]]): (row["n"], row["weight"])
        for batch in bundle.evidence(track, 1000)
        for row in batch.to_pylist()
    }


def expected_rows(evidence: str) -> dict[tuple[str, str], tuple[int, int]]:
    """Return the rows of all pieces, added up one by one."""
    sums: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for piece in PIECES:
        found = Pictures()(piece)
        texts, kinds = (found.compositions[name].to_pylist() for name in ("text", "kind"))
        keys = [composition_key(kind, text) for kind, text in zip(kinds, texts, strict=True)]
        for row in found.rows[evidence].to_pylist():
            ends = row["start"], row["end"]
            if evidence == LIKE:
                ends = tuple(sorted(ends, key=keys.__getitem__))
            pair = texts[ends[0]], texts[ends[1]]
            sums[pair][0] += row["n"]
            sums[pair][1] += row["weight"]
    return {pair: (n, weight) for pair, (n, weight) in sums.items()}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    folder = tmp_path_factory.mktemp("whole")
    return extract(model_of(tracks_of(Pictures())), ExtractOptions(), folder / "b", silent)


def test_pieces_add_up_to_one_source(whole: Bundle) -> None:
    bundle = read_bundle(whole.path)
    scan(bundle)
    keys = bundle.compositions()["key"].to_pylist()
    assert keys == sorted(set(keys))
    assert {track.evidence for track in bundle.tracks} == {DEPICTS, LIKE}
    for track in bundle.tracks:
        expected = expected_rows(track.evidence)
        assert rows_of(bundle, track.evidence) == expected
        assert track.rows == len(expected)
        assert track.observations == sum(n for n, _ in expected.values())
        assert track.vocabulary == len(keys) and track.positions == ("detector",)
    assert held_in(bundle) == {text: own[:MOST] for text, own in EXPECTED_PLACES.items()}
    assert bundle.source.excluded == EXCLUDED and EXCLUDED[MORE_PLACES] > 100
    assert forecast(model_of(tracks_of(Pictures())), ExtractOptions())["evidence_edges"] == 100


@pytest.mark.parametrize("lives", range(len(PIECES)))
def test_killed_at_any_piece_it_resumes_to_the_same_bundle(
    whole: Bundle, tmp_path: Path, lives: int
) -> None:
    killed = Pictures(lives)
    with pytest.raises(Killed):
        extract_cached(model_of(tracks_of(killed)), ExtractOptions(), tmp_path, silent)
    assert len(list(tmp_path.glob("*.positions/piece-*"))) == lives
    resumed = Pictures()
    bundle = extract_cached(model_of(tracks_of(resumed)), ExtractOptions(), tmp_path, silent)
    assert bundle.digest == whole.digest
    assert resumed.met == list(PIECES[lives:])
    assert list(tmp_path.iterdir()) == [bundle.path]


class Elsewhere(ThreadPoolExecutor):
    """Workers that get and return what can be pickled, as those on other machines do."""

    def submit(self, called: Any, /, *given: Any, **named: Any) -> Any:
        sent = pickle.dumps((called, given, named))
        return super().submit(_received, sent)


def _received(sent: bytes) -> Any:
    called, given, named = pickle.loads(sent)
    return pickle.loads(pickle.dumps(called(*given, **named)))


def test_order_workers_and_memory_make_no_difference(
    whole: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = ExtractOptions()
    turned = model_of(tracks_of(Pictures(), PIECES[::-1]))
    assert extract(turned, options, tmp_path / "turned", silent).digest == whole.digest
    with Elsewhere(3) as pool:
        several = extract(
            model_of(tracks_of(Pictures())), options, tmp_path / "w", silent, executor=pool
        )
    assert several.digest == whole.digest
    monkeypatch.setattr(piece_merge, "BUCKET_ROWS", 7)
    monkeypatch.setattr(piece_merge.Buckets.__init__, "__defaults__", (64,))
    small = extract(model_of(tracks_of(Pictures())), options, tmp_path / "small", silent)
    assert small.digest == whole.digest


def test_an_extraction_that_finished_nothing_leaves_nothing(tmp_path: Path) -> None:
    work = tmp_path / "work"
    with pytest.raises(Killed):
        extract(model_of(tracks_of(Pictures(0))), ExtractOptions(), tmp_path / "a", silent, work)
    assert not list(tmp_path.iterdir())


def test_a_stored_piece_that_was_damaged_is_observed_again(whole: Bundle, tmp_path: Path) -> None:
    work = tmp_path / "work"
    with pytest.raises(Killed):
        extract(model_of(tracks_of(Pictures(5))), ExtractOptions(), tmp_path / "a", silent, work)
    damaged = sorted(work.glob("piece-*"))
    (damaged[0] / f"{LIKE}.parquet").unlink()
    (damaged[2] / "places.parquet").unlink()
    for part in ("compositions", "places", DEPICTS):
        file = damaged[1] / f"{part}.parquet"
        raw = bytearray(file.read_bytes())
        # Within the first page, behind the magic bytes.
        raw[40] ^= 1
        file.write_bytes(bytes(raw))
    again = Pictures()
    bundle = extract(model_of(tracks_of(again)), ExtractOptions(), tmp_path / "b", silent, work)
    assert bundle.digest == whole.digest
    assert len(again.met) == 4


def test_a_range_of_one_pair_is_not_divided_for_ever(tmp_path: Path) -> None:
    buckets = Buckets(tmp_path / "b", 1, memory=64)
    rows = 5 * piece_merge.BUCKET_ROWS
    pair = np.sort(np.where(np.arange(rows) % 1000 == 0, np.arange(rows), 7))
    for part in np.array_split(pair, 10):
        buckets.add(pa.table({"pair": part, "n": np.ones(len(part), np.int64)}), np.empty(0, int))
    tables = list(buckets.tables())
    assert sum(table.num_rows for table in tables) == rows
    assert len(tables) > 2
    ends = [np.sort(table["pair"].to_numpy())[[0, -1]].tolist() for table in tables]
    assert all(before[1] < after[0] for before, after in pairwise(ends))


def test_fractions_are_added_up_in_an_order_of_their_own() -> None:
    pair = np.array([3, 1, 3, 3, 1])
    values = {"a": np.array([0.1, 1e16, 0.7, 1e16, -1e16]), "n": np.array([1, 2, 3, 4, 5])}
    values["b"] = -values["a"]
    distinct, sums = sum_rows(pair, values)
    turned, other = sum_rows(pair[::-1], {name: column[::-1] for name, column in values.items()})
    assert distinct.tolist() == turned.tolist() == [1, 3]
    assert sums["n"].tolist() == [7, 8]
    assert {k: v.tolist() for k, v in sums.items()} == {k: v.tolist() for k, v in other.items()}


def test_tables_are_of_equal_length() -> None:
    tables = [pa.table({"a": np.arange(size)}) for size in (3, 0, 9, 1)]
    assert [table.num_rows for table in even_tables(iter(tables), 5)] == [5, 5, 3]


# ---------------------------------------------------------------- with other tracks


WORDLIST = WORDS[:20]
PAIRS = "SENTENCE_EVIDENCE"


def listing(position: int, note: Any) -> Neighbours:
    indices = np.stack([(np.arange(20) + step) % 20 for step in (1, 2)], axis=1).astype(np.int32)
    return Neighbours(indices, np.full((20, 2), 0.5, np.float32), 1.0)


def read_on(progress: Any, finished: Any) -> Expectations:
    counter = ExpectationCounter(20)
    tokens = np.tile(np.arange(6), 5)
    ends = ((tokens + 1) % 6).astype(np.int32)
    certain = Listed(np.arange(31), ends, np.full(30, MICRO, np.int32))
    counter.read(tokens, certain)
    return counter.counted()


def together(options: Any, progress: Any, finished: Any) -> ReadyPairs:
    kind, start, end, n = evidence_type(PAIRS), *np.array([[0, 1], [5, 6], [1, 2]])
    among, total = margins(kind, start, end, n)
    counts = {"start": start, "end": end, "n": n, "weight": 10 * n, **among}
    return ReadyPairs(counted_rows(kind, counts, TrackConstants(1, 0, 20, total)), 0, 0.5, total)


def mixed(*observed: ObservedTracks) -> OpenedModel:
    """A vocabulary with vectors, promotions, next tokens and pairs, and observed pieces besides."""
    vectors = np.random.default_rng(1).normal(size=(20, 8)).astype(np.float32)
    return model_of(
        *observed,
        vocabulary=build_vocabulary(WORDLIST, whole_words, {}),
        tracks=(VectorTrack("EMBEDDING_EVIDENCE", ("input",), 8, lambda position: vectors),),
        listed=(ListedTrack("PROMOTION_EVIDENCE", ("head",), 8, 2, listing),),
        counted=(
            CountedTrack("NEXT_EVIDENCE", ("text",), 30, read_on, lambda texts, say: iter(())),
        ),
        pairs=(PairTrack(PAIRS, ("window",), 0, 2, together),),
    )


def test_one_source_has_tracks_of_every_sort(whole: Bundle, tmp_path: Path) -> None:
    options = ExtractOptions(NeighbourOptions(k=3))
    alone = extract(mixed(), options, tmp_path / "alone", silent)
    both = read_bundle(extract(mixed(tracks_of(Pictures())), options, tmp_path / "b", silent).path)
    scan(both)
    assert len(both.tracks) == 6
    for track in alone.tracks:
        assert rows_of(both, track.evidence) == rows_of(alone, track.evidence)
        (same,) = [one for one in both.tracks if one.evidence == track.evidence]
        assert same == track
    for evidence in (DEPICTS, LIKE):
        assert rows_of(both, evidence) == rows_of(whole, evidence)
    met = {*alone.compositions()["text"].to_pylist(), *whole.compositions()["text"].to_pylist()}
    texts = both.compositions()["text"].to_pylist()
    assert len(texts) == len(set(texts)) and set(texts) == met
    assert visits_of(both) == visits_of(alone) != []


def visits_of(bundle: Bundle) -> list[tuple[object, ...]]:
    """Return the visits by the texts of what was read on from."""
    texts = [*bundle.compositions()["text"].to_pylist(), None]
    return sorted(
        (texts[row["composition"]], row["n"], row["mass"],
         *(texts[row[name]] for name in ("prefix", "suffix", "token")))
        for row in bundle.contexts().to_pylist()
    )  # fmt: skip


def test_finished_pairs_are_not_observed_again(tmp_path: Path) -> None:
    options = ExtractOptions(NeighbourOptions(k=3))
    whole = extract(mixed(), options, tmp_path / "whole", silent)
    times = []

    def observed(*given: Any) -> ReadyPairs:
        times.append(given)
        return together(*given)

    def killed(*given: Any) -> ReadyPairs:
        raise Killed

    first = PairTrack(PAIRS, ("window",), 0, 2, observed)
    second = PairTrack("COOCCURRENCE_EVIDENCE", ("window",), 0, 2, killed)
    with pytest.raises(Killed):
        model = replace(mixed(), pairs=(first, second))
        extract(model, options, tmp_path / "a", silent, tmp_path / "work")
    model = replace(mixed(), pairs=(first,))
    bundle = extract(model, options, tmp_path / "b", silent, tmp_path / "work")
    assert bundle.digest == whole.digest
    assert len(times) == 1


def test_an_extraction_to_a_file_resumes_and_leaves_nothing_beside_it(
    whole: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = ModelRequest("pictures", OpenOptions(), ExtractOptions())
    monkeypatch.setattr(model_request, "open_model", lambda *given: model_of(tracks_of(killed)))
    killed = Pictures(4)
    with pytest.raises(Killed):
        run(request, tmp_path / "b")
    (work,) = tmp_path.iterdir()
    assert work.name.startswith(".b.") and len(list(work.glob("piece-*"))) == 4
    killed = Pictures()
    made = run(ModelRequest("pictures", OpenOptions(), ExtractOptions()), tmp_path / "b")
    assert made.bundle.digest == whole.digest and len(killed.met) == 2
    assert made.omissions.excluded == EXCLUDED
    assert list(tmp_path.iterdir()) == [tmp_path / "b"]


def test_places_of_the_vocabulary_and_of_pieces_are_one_list(tmp_path: Path) -> None:
    rows = WORDS.index(WORDLIST[1]), 15
    own = {rows[0]: [f"a/{n:02d}.txt" for n in range(12)], rows[1]: ["b.txt"]}
    vocabulary = build_vocabulary(WORDLIST, whole_words, {})
    of = {text: row for row, text in enumerate(vocabulary.compositions["text"].to_pylist())}
    known = place_table(
        np.array([of[WORDLIST[row]] for row, places in own.items() for _ in places]),
        [place for places in own.values() for place in places],
    )

    def observe(piece: Piece) -> ObservedPiece:
        assert isinstance(piece, int)
        found = pa.table({"text": [WORDLIST[1], f"picture {piece}"], "kind": ["Token", "Image"]})
        row = pa.table({"start": [1], "end": [0], "n": [1], "weight": [MICRO]})
        # One of the vocabulary's, one of both pieces, and two of its own.
        held = (0, "a/00.txt"), (0, "a/99.txt"), (0, f"{piece}.jpg"), (0, f"a/1{piece}.gif")
        return ObservedPiece(found, {DEPICTS: row}, {}, places_of((1, f"{piece}.jpg"), *held))

    options = ExtractOptions(NeighbourOptions(k=3))
    observed = ObservedTracks((DEPICTS,), ("detector",), (1, 2), observe, 2)
    both = extract(replace(mixed(observed), places=known), options, tmp_path / "b", silent)
    scan(both)
    every = [*own[rows[0]], "a/99.txt", "1.jpg", "2.jpg", "a/11.gif", "a/12.gif"]
    assert held_in(both) == {
        WORDLIST[1]: sorted(every)[:MOST],
        WORDLIST[15]: ["b.txt"],
        "picture 1": ["1.jpg"],
        "picture 2": ["2.jpg"],
    }
    assert both.source.excluded == {MORE_PLACES: 1}


# ---------------------------------------------------------------- what is refused


def test_two_tracks_of_one_type_are_refused(tmp_path: Path) -> None:
    twice = tracks_of(Pictures()), ObservedTracks((LIKE,), ("b",), (1,), Pictures(), 1)
    with pytest.raises(UsageError, match=f"'test' has 2 tracks of {LIKE}"):
        extract(model_of(*twice), ExtractOptions(), tmp_path / "b", silent)
    assert not list(tmp_path.iterdir())


def test_pieces_that_are_the_same_are_refused(tmp_path: Path) -> None:
    same = tracks_of(Pictures(), (PIECES[0], PIECES[1], PIECES[0]))
    with pytest.raises(UsageError, match="the same one"):
        extract(model_of(same), ExtractOptions(), tmp_path / "b", silent)


def test_types_that_do_not_add_up_are_refused(tmp_path: Path) -> None:
    vectors = ObservedTracks(("LAYER_EVIDENCE",), ("a",), PIECES, Pictures(), 1)
    with pytest.raises(UsageError, match="LAYER_EVIDENCE is not observed by pieces"):
        extract(model_of(vectors), ExtractOptions(), tmp_path / "b", silent)


def test_less_than_two_compositions_are_refused(tmp_path: Path) -> None:
    def nothing(piece: Piece) -> ObservedPiece:
        return ObservedPiece(pa.table({"text": pa.array([], pa.string()), "kind": []}), {})

    with pytest.raises(BadInput, match="found 0 compositions"):
        extract(model_of(tracks_of(nothing)), ExtractOptions(), tmp_path / "b", silent)


WORD_PAIR = {"text": ["king", "queen"], "kind": ["Token", "Token"]}


@pytest.mark.parametrize(
    ("compositions", "rows", "fault"),
    [
        (WORD_PAIR, {"start": 0, "end": 2, "n": 1, "weight": 1}, "outside the compositions"),
        (WORD_PAIR, {"start": 0, "end": 0, "n": 1, "weight": 1}, "with itself"),
        (WORD_PAIR, {"start": 0, "end": 1, "n": 0, "weight": 0}, "a count below 1"),
        (WORD_PAIR, {"start": 0, "end": 1, "n": 1, "weight": 2 * MICRO}, "a weight outside"),
        (WORD_PAIR, {"start": 0, "end": 1, "n": 1 << 40, "weight": 1}, "not in range"),
        (WORD_PAIR, {"start": 0, "end": 1, "n": 1}, "the columns of COOCCURRENCE_EVIDENCE are"),
        ({**WORD_PAIR, "kind": ["Token", "Word"]}, None, "no kind 'Word'"),
        ({**WORD_PAIR, "text": ["king", ""]}, None, "has no text"),
        ({**WORD_PAIR, "kind": ["Token", "Symbol"]},
         {"start": 0, "end": 1, "n": 1, "weight": 1}, "that is none of"),
    ],
)  # fmt: skip
def test_rows_that_break_the_promise_name_their_piece(
    compositions: dict[str, list[str]], rows: dict[str, int] | None, fault: str
) -> None:
    def observe(piece: Piece) -> ObservedPiece:
        found = {} if rows is None else {LIKE: pa.table({k: [v] for k, v in rows.items()})}
        return ObservedPiece(pa.table(compositions), found)

    with pytest.raises(BadInput, match=rf"piece \('shard', 0\) was observed wrongly.*{fault}"):
        piece_tables(tracks_of(observe), PIECES[0])


@pytest.mark.parametrize(
    ("places", "fault"),
    [
        ({"composition": [0, 2], "place": ["a.jpg", "b.jpg"]}, "row 1 has an end outside"),
        ({"composition": [1, 0], "place": ["a.jpg", "/b.jpg"]}, "row 1 has an absolute place"),
        ({"composition": [0, 0], "place": ["a.jpg", ""]}, "row 1 has an empty place"),
        ({"composition": [0], "place": ["x" * 1001]}, "more than 1,000 characters"),
        ({"composition": [0], "place": [None]}, "lacks its composition or its text"),
        ({"composition": [0.5], "place": ["a.jpg"]}, "was truncated"),
        ({"composition": [0]}, "the columns of places are composition, place"),
    ],
)
def test_places_that_are_not_valid_name_their_piece(places: dict[str, Any], fault: str) -> None:
    def observe(piece: Piece) -> ObservedPiece:
        return ObservedPiece(pa.table(WORD_PAIR), {}, {}, pa.table(places))

    with pytest.raises(BadInput, match=rf"piece \('shard', 0\) was observed wrongly.*{fault}"):
        piece_tables(tracks_of(observe), PIECES[0])


def test_properties_of_their_own_do_not_depend_on_the_order_of_pieces(tmp_path: Path) -> None:
    made = Kind("Scene", "a scene", rank=99, properties=(Property("width", "INTEGER", "pixels"),))

    def observe(piece: Piece) -> ObservedPiece:
        own = [None, '{"width":3}', f'{{"width":{piece}}}'] if piece != 4 else [None] * 3
        found = {"text": ["a", "b", "c"], "kind": ["Token", "Scene", "Scene"]}
        return ObservedPiece(pa.table({**found, OWN.name: pa.array(own, pa.string())}), {})

    with extended(kinds=[made]):
        bundles = [
            extract(model_of(tracks_of(observe, order)), ExtractOptions(), tmp_path / name, silent)
            for name, order in (("up", (4, 5, 6)), ("down", (6, 5, 4)))
        ]
        assert bundles[0].digest == bundles[1].digest
        table = bundles[0].compositions()
        own = dict(zip(table["text"].to_pylist(), own_properties(table), strict=True))
        assert own == {"a": {}, "b": {"width": 3}, "c": {"width": 5}}
