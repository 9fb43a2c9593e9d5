"""Next tokens of a causal model: after every token alone, in given text, and in generated text."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
from numpy.typing import NDArray

from hartonomous.extract.checkpoints import FinishedWork
from hartonomous.extract.context_counts import (
    ExpectationCounter,
    Expectations,
)
from hartonomous.extract.importer_protocol import CountedTrack
from hartonomous.extract.input_texts import BYTES_PER_TOKEN, Texts
from hartonomous.extract.vocabulary import Vocabulary
from hartonomous.progress import Progress
from importers.transformers.causal_model import (
    LENGTH,
    OVERLAP,
    SEED,
    TEMPERATURE,
    TOP_P,
    WINDOW,
    CausalRunner,
    Observed,
)
from importers.transformers.transformer_weights import Transformer

BATCH = 256
"""Tokens run alone at once."""

SEQUENCES = 64
"""Texts generated at once."""

CHECKED = 16
"""Tokens that are run although their last layer is known: a family with further steps after the
last layer is then run completely.
"""


Outputs = Callable[[slice, Progress], NDArray[np.float32]]
"""Outputs of a model's last layer for a slice of the vocabulary, each token alone, (tokens, width).
"""


class NextTokens:
    """A causal model, its input texts, and its tokens as compositions.

    With `outputs`, if the layers are extracted too, every token is run once for both.
    """

    def __init__(
        self,
        transformer: Transformer,
        vocabulary: Vocabulary,
        texts: Texts,
        samples: int,
        outputs: Outputs | None = None,
    ) -> None:
        self._vocabulary, self._texts, self._samples = vocabulary, texts, samples
        self._runner = CausalRunner(transformer, vocabulary)
        self._outputs, self._checked = outputs, False

    @property
    def determined(self) -> dict[str, object]:
        """Everything but the files that determines the observations."""
        found: dict[str, object] = {"next frame": self._runner.frame, "window": [WINDOW, OVERLAP]}
        if self._samples:
            drawn = {"temperature": TEMPERATURE, "top p": TOP_P, "seed": SEED}
            found |= {"samples": self._samples, **drawn}
        return found

    def track(self) -> CountedTrack:
        """Return the track of next tokens."""
        names = ["every token alone", *(file.name for file in self._texts.files)]
        names += ["samples"] if self._samples else []
        read = sum(file.bytes for file in self._texts.files) // BYTES_PER_TOKEN
        places = len(self._vocabulary) + read + self._samples
        return CountedTrack("NEXT_EVIDENCE", tuple(names), places, self._observe, self._runner.read)

    def _observe(self, progress: Progress, finished: FinishedWork) -> Expectations:
        counter = ExpectationCounter(len(self._vocabulary))
        for name, stage, done, total, run in self._work(progress):
            kept = finished.read(name)
            observed = Observed.of(kept) if kept is not None else run()
            if kept is None:
                finished.write(name, observed.arrays())
            count_observed(counter, observed, alone=stage == "alone")
            progress(stage, done, total)
        return counter.counted()

    def _work(
        self, progress: Progress
    ) -> Iterator[tuple[str, str, int, int, Callable[[], Observed]]]:
        """Yield each piece of work: its name, stage, positions done after it and in all, and its
        function.
        """
        runner, n = self._runner, len(self._vocabulary)
        for first in range(0, n, BATCH):
            part = np.arange(first, min(first + BATCH, n))
            run = partial(self._alone, part, progress)
            yield f"alone-{first:08d}", "alone", int(part[-1]) + 1, n, run
        batches = runner.batches(self._texts.paragraphs)
        done, total = 0, sum(len(window.ids) for batch in batches for window in batch)
        for number, batch in enumerate(batches):
            done += sum(len(window.ids) for window in batch)
            yield f"reading-{number:06d}", "reading", done, total, partial(runner.observe, batch)
        texts = -(-self._samples // LENGTH)
        for first in range(0, texts, SEQUENCES):
            part = np.arange(first, min(first + SEQUENCES, texts))
            done, total = (int(part[-1]) + 1) * LENGTH, texts * LENGTH
            yield f"samples-{first:06d}", "samples", done, total, partial(runner.write, part)

    def _alone(self, part: NDArray[np.int64], progress: Progress) -> Observed:
        """Run tokens alone, or use the stored outputs of their layers."""
        if self._outputs is None:
            return self._runner.alone(part)
        outputs = self._outputs(slice(int(part[0]), int(part[-1]) + 1), progress)
        if not self._checked and not self._runner.agrees(part[:CHECKED], outputs[:CHECKED]):
            self._outputs = None
            return self._runner.alone(part)
        self._checked = True
        return self._runner.alone_from(part, outputs)


def count_observed(counter: ExpectationCounter, observed: Observed, *, alone: bool) -> None:
    if alone:
        counter.alone(observed.tokens, observed.expected)
        return
    ends = np.cumsum(observed.lengths)
    for begin, end, first in zip(ends - observed.lengths, ends, observed.firsts, strict=True):
        places = np.arange(begin, end)
        counter.read(observed.tokens[places], observed.expected.take(places), int(first))
