"""Mutated model files: each is refused in our own words, or read as another reader reads it.

    python -m soak.model_mutations --inputs 5000 --seed 7

Small files of every format that is opened, cut out of real models, are changed: bytes, cuts, rows,
fields, headers, whole files. Opening one may raise HartonomousError and nothing else, within SECONDS and
within MEMORY more than before; what is opened has the words and vectors that a reader with no code in
common finds. Faults are printed with the seed and number of the input, which repeat it.
"""

from __future__ import annotations

import argparse
import random
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

import numpy as np

from hartonomous.errors import HartonomousError
from hartonomous.extract.extraction import open_model
from hartonomous.extract.importer_protocol import OpenedModel, OpenOptions
from soak.file_mutations import Files, mutated
from soak.model_readers import READERS, normal
from soak.model_samples import Sample, samples
from soak.readings import Given, Reading, Unconfirmed

LIMIT = 12
SECONDS = 10
MEMORY = 256 << 20
"""Bytes by which the process may grow while all inputs are opened."""


ADDRESSES = 16 << 30
"""Bytes of address space that the command may use; libraries reserve some of it."""


class Hang(BaseException):
    """An input took too long."""


@dataclass
class Tally:
    """What became of the inputs: counts, and the faults with what repeats them."""

    counts: Counter[str] = field(default_factory=Counter)
    accepted: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    slowest: float = 0.0
    grown: int = 0


# ---------------------------------------------------------------- one input


@contextmanager
def watched() -> Iterator[None]:
    """Raise Hang after SECONDS; warnings are errors, since a person would see them."""

    def stop(signum: int, frame: FrameType | None) -> None:
        raise Hang

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def try_one(sample: Sample, files: Files, place: Path, limit: int | None) -> tuple[str, str]:
    """Return what became of an input (refused, accepted or a fault), and what is to be said of it."""
    shutil.rmtree(place, ignore_errors=True)
    for name, raw in files.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(raw)
    place.mkdir(exist_ok=True)
    words = place / sample.words if sample.words else None
    try:
        with watched():
            model = open_model(
                str(place / sample.opened), OpenOptions(vocabulary=words, limit=limit)
            )
    except HartonomousError:
        return "refused", ""
    except Hang:
        return "fault", f"it took more than {SECONDS} s"
    except Exception:
        return "fault", traceback.format_exc(limit=-4)
    given = Given(place, sample.opened, sample.words, _tensor(model), limit)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            said = differences(model, READERS[model.importer](given), limit)
    except Unconfirmed:
        return "unconfirmed", ""
    except Exception as error:
        # Another reader meets damage with whatever the place it is in raises.
        return "fault", f"it was read, and another reader does not read it: {error!r}"
    return ("fault", said) if said else ("accepted", "")


def _tensor(model: OpenedModel) -> str | None:
    name = model.options.get("tensor")
    return name if isinstance(name, str) else None


def differences(model: OpenedModel, other: Reading, limit: int | None) -> str:
    """Return where a model's words and vectors are not those of the other reader, nothing if they are."""
    vocabulary, vectors = model.vocabulary, model.tracks[0].vectors(0)
    texts = vocabulary.compositions["text"].to_pylist()
    for text, row, vector in zip(texts, vocabulary.rows.tolist(), vectors, strict=True):
        theirs = other.texts[row] if row < len(other.texts) else None
        if theirs is None or normal(theirs) != normal(text):
            return f"row {row} is {text!r} and {theirs!r}"
        if not np.array_equal(vector, other.matrix[row]):
            return f"the vectors of row {row} ({text!r}) differ"
    held = len(vocabulary) + vocabulary.merged + sum(vocabulary.excluded.values())
    total = len(other.matrix) if other.rows is None else other.rows
    if held != total:
        return f"{held} of {total} rows are accounted for: {vocabulary.excluded}"
    known = set(map(normal, texts))
    for row, text in enumerate(other.texts[:limit]):
        plain = text is not None and text.isascii() and text.isalpha() and len(text) < 40
        if plain and row not in other.aside and row < len(other.matrix) and other.matrix[row].any():
            assert text is not None
            if text not in known:
                return f"row {row}, {text!r}, is lost"
    return ""


# ---------------------------------------------------------------- all inputs


def run(inputs: int, seed: int, folder: Path, only: int | None = None) -> Tally:
    """Open so many mutated models; the same seed gives the same ones."""
    (folder / "samples").mkdir()
    whole = samples(folder / "samples")
    tally = Tally()
    for sample in whole:
        for limit in (None, LIMIT):
            became, said = try_one(sample, sample.files, folder / "input", limit)
            if became != "accepted":
                tally.faults.append(f"{sample.name}, not mutated: {became} {said}")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for place in range(inputs) if only is None else [only]:
        rng = random.Random(f"{seed} {place}")
        sample = whole[place % len(whole)]
        limit = rng.choice([None, None, None, LIMIT])
        files = mutated(sample, whole, rng)
        begun = time.monotonic()
        became, said = try_one(sample, files, folder / "input", limit)
        tally.slowest = max(tally.slowest, time.monotonic() - begun)
        tally.counts[became] += 1
        tally.accepted[sample.name] += became == "accepted"
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) << 10
        if grown > max(MEMORY, tally.grown):
            became, said = "fault", f"the process grew by {grown >> 20} MiB"
        tally.grown = max(tally.grown, grown)
        if became == "fault":
            tally.faults.append(f"--seed {seed} --only {place} ({sample.name}): {said}")
    return tally


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--inputs", type=int, default=5_000)
    parser.add_argument("--seed", type=int, default=random.randrange(2**31))
    parser.add_argument("--only", type=int, help="the number of one input")
    given = parser.parse_args()
    # What asks for more ends as a fault, and not with the machine.
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESSES, ADDRESSES))
    with tempfile.TemporaryDirectory(prefix="hartonomous-mutations-") as folder:
        begun = time.monotonic()
        tally = run(given.inputs, given.seed, Path(folder), given.only)
        taken = time.monotonic() - begun
    for fault in tally.faults:
        sys.stdout.write(f"{fault}\n")
    sys.stdout.write(
        f"seed {given.seed}: {tally.counts.total():,} inputs in {taken:.0f} s, "
        f"{tally.counts['refused']:,} refused, {tally.counts['accepted']:,} accepted and compared, "
        f"{tally.counts['unconfirmed']:,} accepted alone, "
        f"{len(tally.faults)} faults; slowest {tally.slowest:.2f} s, grown by {tally.grown >> 20} MiB\n"
        f"accepted: {dict(sorted(tally.accepted.items()))}\n"
    )
    sys.exit(bool(tally.faults))


if __name__ == "__main__":
    main()
