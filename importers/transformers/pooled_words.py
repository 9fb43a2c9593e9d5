"""Pooled words: the vectors of given words and phrases, each run through a whole model.

Texts of equally many tokens are run together, so nothing is padded and a vector does not depend on the
words beside it. Vectors are on disk; pieces of them survive an interruption.
"""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hartonomous.errors import BadInput
from hartonomous.extract.checkpoints import FinishedWork
from hartonomous.extract.embedding_matrix import BEYOND_LIMIT
from hartonomous.extract.files.untrusted_files import shown
from hartonomous.extract.given_words import GivenWords
from hartonomous.extract.importer_protocol import VectorTrack
from hartonomous.extract.vocabulary import Vocabulary, build_vocabulary, whole_words
from hartonomous.progress import Progress
from hartonomous.speeds import RUN, measured
from importers.transformers.text_towers import TextTower

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

EVIDENCE = "WORD_EVIDENCE"
UNKNOWN, TOO_LONG = "only unknown tokens", "longer than the model's window"
"""Reasons of exclusion."""

READ_AT_ONCE = 4_096
"""Texts given to the tokenizer at once."""

BATCH_TOKENS, BATCH_TEXTS = 4_096, 512
"""Most tokens and texts run at once."""

BATCH_BYTES = 1 << 28
"""Most bytes of the layers' states of one batch."""

PIECE, PIECE_BYTES = 8_192, 1 << 26
"""Most words, and bytes of their vectors, that are stored together for an interrupted run."""


class _Tokens:
    """The ids of texts one after the other: `ids` (t,) int32, `ends` (n + 1,) int64, and the reason to
    leave a text out, by its row.
    """

    def __init__(self, tower: TextTower, texts: tuple[str, ...]) -> None:
        parts: list[NDArray[np.int32]] = []
        lengths: list[int] = []
        self.aside: dict[int, str] = {}
        for first in range(0, len(texts), READ_AT_ONCE):
            found = tower.token_ids(texts[first : first + READ_AT_ONCE])
            for row, ids in enumerate(found, start=first):
                if len(ids) > tower.window:
                    self.aside[row] = TOO_LONG
                elif tower.wordless.issuperset(tower.own_tokens(ids)):
                    self.aside[row] = UNKNOWN
            kept = [[] if row in self.aside else ids for row, ids in enumerate(found, start=first)]
            lengths += map(len, kept)
            parts.append(np.fromiter(chain.from_iterable(kept), dtype=np.int32))
        self.ids = np.concatenate(parts)
        self.ends = np.concatenate([[0], np.cumsum(lengths)])

    def lengths(self, rows: Ints) -> Ints:
        return np.asarray(self.ends[rows + 1] - self.ends[rows])

    def together(self, rows: Ints) -> Ints:
        """Return the ids of texts of one length, (rows, length)."""
        length = int(self.lengths(rows[:1])[0])
        return self.ids[self.ends[rows][:, None] + np.arange(length)].astype(np.int64)


class PooledWords:
    """Vectors of words at a model's output, and with `inner` at each layer before it."""

    def __init__(self, tower: TextTower, given: GivenWords, limit: int | None, inner: bool) -> None:
        texts = given.commonest(limit)
        self._tower, self._inner = tower, inner
        self._tokens = _Tokens(tower, texts)
        self.vocabulary = _vocabulary(texts, self._tokens.aside, len(given.texts))
        if len(self.vocabulary) < 2:
            counted = self.vocabulary.excluded.items()
            reasons = ", ".join(f"{count} {reason}" for reason, count in counted) or "none"
            raise BadInput(
                f"{given.file.name}: {len(self.vocabulary)} words are left; it takes two to be related. "
                f"Left out: {reasons}."
            )
        self._path, self._parameters = tower.path, tower.parameters
        self._positions = tuple(f"layer {layer}" for layer in range(tower.layers)) if inner else ()
        self._positions += ("output",)
        row_bytes = 4 * len(self._positions) * tower.dimensions
        self._piece_words = max(1, min(PIECE, PIECE_BYTES // row_bytes))
        self._batch_tokens = max(1, min(BATCH_TOKENS, BATCH_BYTES // row_bytes))
        self._finished = FinishedWork(None)
        self._vectors: list[Floats] | None = None
        self.determined: dict[str, object] = {**tower.described, "layers": inner}

    def track(self, own: bool = True) -> VectorTrack:
        """Return the track; with `own`, its words are not the model's vocabulary."""
        tokens = int(self._tokens.lengths(self.vocabulary.rows).sum())
        return VectorTrack(
            EVIDENCE,
            self._positions,
            self._tower.dimensions,
            self._at,
            prepare=self._prepare,
            vocabulary=self.vocabulary if own else None,
            restore=self._restore,
            tokens=tokens,
        )

    def _at(self, position: int) -> Floats:
        assert self._vectors is not None
        return np.asarray(self._vectors[position])

    def _restore(self, finished: FinishedWork) -> None:
        self._finished = finished

    def _prepare(self, progress: Progress) -> None:
        """Run every word, once; the results are on disk as long as this object exists."""
        if self._vectors is not None:
            return
        place = Path(tempfile.mkdtemp(prefix="hartonomous-words-"))
        weakref.finalize(self, shutil.rmtree, place, ignore_errors=True)
        n = len(self.vocabulary)
        # Similar lengths side by side, in one order whatever the machine.
        order = np.argsort(self._tokens.lengths(self.vocabulary.rows), kind="stable")
        vectors: list[Floats] = []
        for number, first in enumerate(range(0, n, self._piece_words)):
            chosen = order[first : first + self._piece_words]
            for position, found in enumerate(self._piece(number, chosen)):
                if position == len(vectors):
                    shape = (n, found.shape[1])
                    file = place / f"{position:05d}"
                    vectors.append(np.memmap(file, np.float32, "w+", shape=shape))
                vectors[position][chosen] = found
            progress("words", min(first + self._piece_words, n), n)
        self._vectors = vectors
        del self._tower

    def _piece(self, number: int, chosen: Ints) -> list[Floats]:
        """Return the vectors of some compositions at each position, from an earlier run if it had
        them.
        """
        name = f"{EVIDENCE}-vectors-{number:05d}"
        names = [f"{position:05d}" for position in range(len(self._positions))]
        kept = self._finished.read(name) or {}
        if kept.keys() == set(names) and all(len(one) == len(chosen) for one in kept.values()):
            return [kept[one] for one in names]
        found = self._run(chosen)
        self._finished.write(name, dict(zip(names, found, strict=True)))
        return found

    def _run(self, chosen: Ints) -> list[Floats]:
        rows = self.vocabulary.rows[chosen]
        tokens = float(self._tokens.lengths(rows).sum())
        with measured(RUN, self._parameters * tokens):
            parts = [self._run_batch(rows[batch]) for batch in self._batches(rows)]
        return [np.concatenate(at) for at in zip(*parts, strict=True)]

    def _batches(self, rows: Ints) -> Iterator[slice]:
        """Yield runs of rows of one length, of bounded size."""
        lengths = self._tokens.lengths(rows)
        borders = np.flatnonzero(np.diff(lengths, prepend=-1))
        for first, last in zip(borders, [*borders[1:], len(rows)], strict=True):
            most = max(1, min(BATCH_TEXTS, self._batch_tokens // int(lengths[first])))
            for start in range(first, last, most):
                yield slice(start, min(start + most, last))

    def _run_batch(self, rows: Ints) -> list[Floats]:
        found = self._tower.pooled(self._tokens.together(rows), self._inner)
        for name, vectors in zip(self._positions, found, strict=True):
            bad = np.flatnonzero(~np.isfinite(vectors).all(axis=1))
            if len(bad):
                place = int(np.flatnonzero(self.vocabulary.rows == rows[bad[0]])[0])
                text = self.vocabulary.compositions["text"][place].as_py()
                raise BadInput(
                    f"{self._path}: the {name} is not finite for {shown(text)}; the file is damaged, or "
                    "the model cannot be run in float32."
                )
        return found


def _vocabulary(texts: tuple[str, ...], aside: dict[int, str], given: int) -> Vocabulary:
    """Return the words as compositions, with what was left out counted."""
    found = build_vocabulary(texts, whole_words, aside)
    return found.with_excluded(BEYOND_LIMIT, given - len(texts)) if given > len(texts) else found
