"""Causal model: run on single tokens, on given texts and on its own texts, with tokens as
compositions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hartonomous.errors import BadInput
from hartonomous.extract.context_counts import (
    LEAST_LISTED,
    LISTED,
    Listed,
    joined,
    listed,
)
from hartonomous.extract.importer_protocol import ReadText
from hartonomous.extract.vocabulary import Vocabulary
from hartonomous.progress import Progress
from hartonomous.schema import CONTINUATION, PIECE, TOKEN
from importers.transformers.prefix_cache import PrefixMemory
from importers.transformers.transformer_weights import Transformer

WINDOW, OVERLAP = 512, 128
"""Tokens of a text that are read at once, and the overlap with the previous window."""

LOGIT_BYTES = 1 << 28
"""Bytes of a batch's logits; the larger the vocabulary, the fewer positions at once."""

AGREEING = 1e-3
"""Tolerance of logits of the same tokens, relative and absolute."""

LENGTH = 128
"""Tokens of a generated text."""

TEMPERATURE, TOP_P, SEED = 0.8, 0.95, 7

_WORDS = """
The In A It He She They We I You This That There What When How Why If For At On As To With By
From After Before During Since While Although Because Once One Two Some Many Most All Each
People Scientists Researchers Children Students Our My His Her Their These Those No Not Now
Today Yesterday Here And But So Or According However First Another Every Life Water Music
"""

OPENERS = _WORDS.split()
"""First words of generated texts: common ones, so that frequent contexts are covered."""


@dataclass(frozen=True)
class Window:
    """A window of a text: its ids, the number read before, whether the text begins here."""

    ids: list[int]
    first: int
    begins: bool


@dataclass(frozen=True)
class Observed:
    """Pieces of text, one after the other.

    `lengths` and `firsts` (pieces,) int64: the token positions of each piece, and the first new
    one; `tokens` (positions,) int64, -1 for what is not a composition; `expected` the next-token
    probabilities at all positions.
    """

    lengths: NDArray[np.int64]
    firsts: NDArray[np.int64]
    tokens: NDArray[np.int64]
    expected: Listed

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the same as named arrays, for `of`: the fields, with `expected` as its three
        arrays.
        """
        expected = self.expected
        return {
            "lengths": self.lengths,
            "firsts": self.firsts,
            "tokens": self.tokens,
            "bounds": expected.bounds,
            "ends": expected.ends,
            "shares": expected.shares,
        }

    @classmethod
    def of(cls, kept: dict[str, NDArray[Any]]) -> Observed:
        """Return the pieces of text from the arrays of `arrays`."""
        expected = Listed(kept["bounds"], kept["ends"], kept["shares"])
        return cls(kept["lengths"], kept["firsts"], kept["tokens"], expected)


class CausalRunner:
    """Runs a causal model, with its tokens as compositions of a vocabulary."""

    def __init__(self, transformer: Transformer, vocabulary: Vocabulary) -> None:
        self._torch: Any = import_module("torch")
        self._transformer, self._vocabulary = transformer, vocabulary
        config = self._transformer.config.get_text_config()
        rows = max(config.vocab_size, len(vocabulary.places))
        self._places = np.full(rows, -1, dtype=np.int64)
        self._places[: len(vocabulary.places)] = vocabulary.places
        self._openings = _openings(vocabulary)
        there = np.flatnonzero(self._places >= 0)
        self._gone = self._tensor(np.setdiff1d(np.arange(config.vocab_size), vocabulary.rows))
        twins = np.setdiff1d(there, vocabulary.rows)
        self._twins = self._tensor(twins)
        self._firsts = self._tensor(vocabulary.rows[self._places[twins]])
        self._most = max(1, LOGIT_BYTES // (4 * config.vocab_size))
        longest = getattr(config, "max_position_embeddings", None) or WINDOW
        frame = len(self._transformer.prefix)
        self._window = max(2, min(WINDOW, longest - frame, self._most))
        self._length = max(2, min(LENGTH, longest - frame))
        self._prefix = PrefixMemory(transformer)

    @property
    def frame(self) -> list[int]:
        return list(self._transformer.prefix)

    def alone(self, compositions: NDArray[np.int64]) -> Observed:
        """Run tokens alone, `compositions` (t,) int64, each after the model's prefix."""
        return self._observed_alone(compositions, self._logits_alone(compositions))

    def alone_from(self, compositions: NDArray[np.int64], outputs: NDArray[np.float32]) -> Observed:
        """Return the same from the last layer's outputs, (t, width) float32, without running them."""
        return self._observed_alone(compositions, self._logits_of(outputs))

    def agrees(self, compositions: NDArray[np.int64], outputs: NDArray[np.float32]) -> bool:
        """Return whether the last layer's outputs (t, width) alone give the same probabilities as
        running the tokens `compositions` (t,).
        """
        run, read = self._logits_alone(compositions), self._logits_of(outputs)
        return bool(self._torch.allclose(run, read, rtol=AGREEING, atol=AGREEING))

    def batches(self, paragraphs: Sequence[str]) -> list[list[Window]]:
        """Return the windows of texts, in batches of similar lengths."""
        windows = [window for text in paragraphs for window in self._windows(text)]
        windows.sort(key=lambda window: -len(window.ids))
        return _packed(windows, self._most)

    def observe(self, windows: list[Window]) -> Observed:
        """Read windows of texts, all at once."""
        parts = [self._listed(logits) for logits in self._logits(windows)]
        return Observed(
            np.array([len(window.ids) for window in windows]),
            np.array([window.first for window in windows]),
            np.concatenate([self._compositions(window.ids, window.begins) for window in windows]),
            joined(parts),
        )

    def read(self, paragraphs: Sequence[str], progress: Progress) -> Iterator[ReadText]:
        """Yield the next-token probabilities at each position of texts, in their order."""
        windows = [window for text in paragraphs for window in self._windows(text)]
        yield from self._read(windows, progress)

    def read_written(self, numbers: NDArray[np.int64], progress: Progress) -> Iterator[ReadText]:
        """Yield the next-token probabilities at each position of generated texts, one text at a
        time.

        `numbers` (texts,) int64 are the texts' numbers.
        """
        ids, lengths, _ = self._draw(numbers)
        windows = [Window(own[:n].tolist(), 0, True) for own, n in zip(ids, lengths, strict=True)]
        yield from self._read([window for window in windows if window.ids], progress)

    def _read(self, windows: list[Window], progress: Progress) -> Iterator[ReadText]:
        done, total = 0, sum(len(window.ids) for window in windows)
        rows = self._tensor(self._vocabulary.rows)
        for batch in _packed(windows, self._most):
            for window, logits in zip(batch, self._logits(batch), strict=True):
                shares = self._shares(logits)[:, rows].float().cpu().numpy()
                tokens = self._compositions(window.ids, window.begins)
                yield ReadText(tokens, shares, window.first)
                done += len(window.ids)
                progress("reading", done, total)

    def write(self, numbers: NDArray[np.int64]) -> Observed:
        """Generate texts, each from an opener; the text with number `numbers[i]`, (texts,) int64,
        is the same in any batch.
        """
        ids, lengths, parts = self._draw(numbers)
        sequences, length = ids.shape
        places = np.arange(sequences * length).reshape(length, sequences).T
        kept = [places[text, : lengths[text]] for text in range(sequences)]
        tokens = [self._compositions(ids[text, : lengths[text]], True) for text in range(sequences)]
        expected = joined(parts).take(np.concatenate(kept))
        return Observed(lengths, 0 * lengths, np.concatenate(tokens), expected)

    def _draw(
        self, numbers: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], list[Listed]]:
        """Return ids (texts, length), the end of each text, and the probabilities of each step."""
        draws = [np.random.default_rng([SEED, int(number)]) for number in numbers]
        openers = self._openers()
        ids = np.array([openers[draw.integers(len(openers))] for draw in draws])[:, None]
        memory, written, parts = self._prefix.for_sequences(len(ids)), [ids], []
        for _ in range(self._length):
            logits = self._after(written[-1], memory)
            parts.append(self._listed(logits))
            chance = np.array([draw.random() for draw in draws])
            written.append(self._drawn(logits, chance)[:, None])
        drawn = np.concatenate(written[:-1], axis=1)
        ends = np.isin(drawn, self._transformer.tokenizer.all_special_ids)
        lengths = np.where(ends.any(axis=1), ends.argmax(axis=1), drawn.shape[1])
        return drawn, lengths, parts

    def _openers(self) -> NDArray[np.int64]:
        """Return the ids that generated texts begin with: known ones of OPENERS; if none is known,
        every row of the vocabulary.
        """
        special = set(self._transformer.tokenizer.all_special_ids)
        firsts = [self._ids(opener)[:1] for opener in OPENERS]
        known = [first[0] for first in firsts if first and first[0] not in special]
        return np.array(known, dtype=np.int64) if known else self._vocabulary.rows

    def _logits_alone(self, compositions: NDArray[np.int64]) -> Any:
        ids = self._vocabulary.rows[compositions][:, None]
        return self._after(ids, self._prefix.for_sequences(len(ids)))

    def _logits_of(self, outputs: NDArray[np.float32]) -> Any:
        with self._torch.inference_mode():
            given = self._torch.from_numpy(outputs).to(self._transformer.device)
            return self._transformer.model.get_output_embeddings()(given)

    def _observed_alone(self, compositions: NDArray[np.int64], logits: Any) -> Observed:
        lengths = np.ones(len(compositions), dtype=np.int64)
        return Observed(lengths, 0 * lengths, compositions, self._listed(logits))

    def _ids(self, text: str) -> list[int]:
        return list(self._transformer.tokenizer(text, add_special_tokens=False)["input_ids"])

    def _windows(self, text: str) -> Iterator[Window]:
        ids, size = self._ids(text), self._window
        if not ids:
            return
        overlap = min(OVERLAP, size // 2)
        for first in range(0, max(1, len(ids) - overlap), size - overlap):
            yield Window(ids[first : first + size], overlap if first else 0, first == 0)

    def _compositions(
        self, ids: Sequence[int] | NDArray[np.int64], begins: bool
    ) -> NDArray[np.int64]:
        found = self._places[np.asarray(ids, dtype=np.int64)]
        if begins and len(found) and found[0] >= 0:
            found[0] = self._openings[found[0]]
        return found

    def _logits(self, windows: list[Window]) -> list[Any]:
        """Return the logits at the positions of each window, (its length, rows)."""
        prefix = self._transformer.prefix
        longest = max(len(window.ids) for window in windows)
        ids = np.zeros((len(windows), len(prefix) + longest), dtype=np.int64)
        ids[:, : len(prefix)] = prefix
        for row, window in enumerate(windows):
            # Later positions do not affect earlier ones, so the padding needs no mask.
            ids[row, len(prefix) : len(prefix) + len(window.ids)] = window.ids
        with self._torch.inference_mode(), self._transformer.running():
            logits = self._transformer.model(
                input_ids=self._tensor(ids), logits_to_keep=longest, use_cache=False
            ).logits[:, -longest:]
        return [logits[row, : len(window.ids)] for row, window in enumerate(windows)]

    def _after(self, ids: NDArray[np.int64], memory: dict[str, Any]) -> Any:
        """Return the logits after the last id of each sequence; the cache then includes the ids."""
        with self._torch.inference_mode(), self._transformer.running():
            return self._transformer.model(
                input_ids=self._tensor(ids), logits_to_keep=1, **memory
            ).logits[:, -1]

    def _shares(self, logits: Any) -> Any:
        """Return the probabilities of compositions, at their rows: summed over merged tokens,
        without tokens that are not compositions.
        """
        if not bool(self._torch.isfinite(logits).all()):
            raise BadInput(
                f"{self._transformer.path}: its next-token probabilities are not finite; the "
                "file is damaged, or the model cannot be run in float32."
            )
        with self._torch.inference_mode():
            shares = self._torch.softmax(logits.float(), dim=-1)
            shares.index_add_(1, self._firsts, shares[:, self._twins])
            shares[:, self._gone] = 0.0
        return shares

    def _listed(self, logits: Any) -> Listed:
        shares = self._shares(logits)
        top = shares.topk(min(LISTED, shares.shape[1]), dim=-1)
        values, rows = top.values.cpu().numpy(), top.indices.cpu().numpy()
        ends = np.where(values >= LEAST_LISTED, self._places[rows], -1).astype(np.int32)
        return listed(ends, values)

    def _drawn(self, logits: Any, chance: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return a next id for each sequence, drawn by nucleus sampling with TOP_P."""
        with self._torch.inference_mode():
            shares, ids = self._torch.softmax(logits.double() / TEMPERATURE, dim=-1).sort(
                dim=-1, descending=True
            )
            before = shares.cumsum(dim=-1) - shares
            reach = self._torch.where(before < TOP_P, shares, 0.0).cumsum(dim=-1)
            aim = self._torch.from_numpy(chance).to(reach.device)[:, None] * reach[:, -1:]
            place = self._torch.searchsorted(reach, aim, right=True).clamp(max=reach.shape[1] - 1)
            return np.asarray(ids.gather(1, place)[:, 0].cpu().numpy(), dtype=np.int64)

    def _tensor(self, values: NDArray[np.int64]) -> Any:
        return self._torch.from_numpy(np.ascontiguousarray(values)).to(self._transformer.device)


def _packed(windows: list[Window], most: int) -> list[list[Window]]:
    """Return windows in batches, in order, each of at most `most` positions with its padding."""
    batches: list[list[Window]] = []
    longest = 0
    for window in windows:
        longest = max(longest, len(window.ids))
        if not batches or (len(batches[-1]) + 1) * longest > most:
            batches.append([])
            longest = len(window.ids)
        batches[-1].append(window)
    return batches


def _openings(vocabulary: Vocabulary) -> NDArray[np.int64]:
    """Return each composition's equivalent at the beginning of a text, without a preceding space: a
    piece that is also a word is that word.
    """
    kinds = vocabulary.compositions["kind"].to_pylist()
    texts = vocabulary.compositions["text"].to_pylist()
    words = {text: place for place, text in enumerate(texts) if kinds[place] == TOKEN}
    return np.array(
        [
            words.get(text.removeprefix(CONTINUATION), place) if kinds[place] == PIECE else place
            for place, text in enumerate(texts)
        ],
        dtype=np.int64,
    )
