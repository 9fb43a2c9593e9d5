"""Damaged, nested and re-encoded documents against the importer; and what it read against others.

    python -m soak.document_mutations --inputs 5000 --seed 1

Each input is a small document of the tests after some mutations, or a sound one made at random. It must
be read, or refused with a HartonomousError if it is not sound, within SECONDS and MEMORY; where it is
known which letters it shows, or a reader of another make can be asked, these are the letters that were
read. An input that fails is kept, and named with what it did.
"""

from __future__ import annotations

import argparse
import codecs
import faulthandler
import random
import resource
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from hartonomous.errors import HartonomousError
from importers.documents.sentence_sequence import Reading, read_file
from soak import document_readers as readers
from soak.made_documents import made
from tests.document_files import DOCUMENTS, write_drawn, write_pdf

SECONDS = 20.0
"""Of processor time and of waiting that an input of a few kilobytes may take."""

MEMORY = 1 << 30
"""Bytes by which the process may grow over all inputs; a PDF is read in a process of its own."""

HANGING = 300.0
"""Seconds after which the process ends and tells where it was."""

MADE = 0.3
"""Share of the inputs that are sound documents made at random."""

LARGEST = 200_000
"""Bytes of a mutated input."""

TEXT = """Harbour rules

How do I pay? You pay by card. Dr. Smith paid \u20ac 12 on Jan. 5th.
The adminis\u00adtration is well-
known. \u6e2f\u53e3\u529e\u516c\u5ba4\u4e5d\u70b9\u5f00\u95e8\u3002\u5982\u4f55\u652f\u4ed8\uff1f\u7528\u5361\u3002

\u0643\u064a\u0641 \u0623\u062f\u0641\u0639\u061f \u0628\u0627\u0644\u0628\u0637\u0627\u0642\u0629. \u0e2a\u0e33\u0e19\u0e31\u0e01\u0e07\u0e32\u0e19 \u0e40\u0e1b\u0e34\u0e14\u0e40\u0e27\u0e25\u0e32\u0e40\u0e01\u0e49\u0e32\u0e42\u0e21\u0e07
\u092c\u0902\u0926\u0930\u0917\u093e\u0939 \u0916\u0941\u0932\u0924\u093e \u0939\u0948\u0964 E\u0301t\u00e9. \ufb01ne \U0001f468\u200d\U0001f469\u200d\U0001f467.
"""
PAGE = """<!doctype html><html lang="en"><head><title>Harbour</title><style>p{}</style></head><body>
<!-- unseen --><p>The <b>harbour</b> master&rsquo;s office&shy;s <code>open</code> at nine.<br>Boats
<div>leave<p>now</div><table><tr><td>Left<td>Right<tr><th>Head</table><ul><li>One<li>Two</ul>
<select><option>A<option>B</select><pre>code = 1</pre><ruby>\u6f22<rt>kan</rt></ruby><svg><text>Pic
</text></svg><math><mi>x</mi></math><img alt="A boat" src=x><textarea><b>no</b></textarea>
<script>var a="<p>"</script><template><p>T</template><noscript>N</noscript></body></html>"""
MARKDOWN = """---
title: T
---
# Heading

Text with *stress*, `code`, [a link](b "c") and <b>raw</b> text.[^1]

<details><summary>How?</summary>

You pay by card.

</details>

> [!NOTE]
> Quoted

| A | B |
| - | - |
| 1 | c |

- [x] done
    1. nested

```
code
```

[^1]: A note.
"""
PIECES = (
    "<p>", "</p>", "<div>", "</div>", "<b>", "<table>", "<td>", "<select>", "<svg>", "<math>", "<a",
    "<!--", "-->", "<![CDATA[", "<?xml ", "<script>", "</script>", "<title>", "<textarea>", "<plaintext>",
    '<meta charset="', "&#x0;", "&#xd800;", "&amp", "&notit;", "> ", "- ", "1. ", "# ", "```", "    ",
    "\n---\n", "[", "](", "![", "*", "__", "|", "\\", "[^1]: ", "\u00ad", "\u200b", "\u200d", "\ufeff",
    "\u202e", "\ufb01", "\ue000", "\ufffe", "\U000e0041", "\u0301", "\u2028", "\u2029", "\x85", "\x0c",
    "\x1b[2J", "\x07", "\x00", "\x7f", "\r", "\r\n", "\n\n", '"', "\u201c", "(", ".", "? ", "\u3002",
    "\u0e01 \u0e01", "\u17d4", "\u0f0d", "{", "}", "]", ",", ":", ";", "\t", "null", "1e999", "9" * 5000,
    '"question"', '"answers"', '\\ud800', "obj", "endobj", "stream", "/Kids", "/Filter", "0 R", "%%EOF",
)  # fmt: skip
CODECS = (
    "utf-8",
    "utf-16",
    "utf-16-le",
    "utf-32",
    "latin-1",
    "cp1252",
    "cp932",
    "gb18030",
    "koi8-r",
)


@dataclass
class Outcome:
    """What many inputs came to: how many were read, compared with another reader, and refused."""

    read: int = 0
    compared: int = 0
    refused: int = 0
    slowest: float = 0.0
    failures: list[str] = field(default_factory=list)


class Recorded(Reading):
    """A reading that remembers every sentence in its order, those met again as well."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def _place(self, text: str) -> int | None:
        self.texts.append(text)
        return super()._place(text)


def seeds(folder: Path) -> dict[str, list[bytes]]:
    """Return small sound documents by the ending of their names."""
    pages = [
        ["The harbour office opens at nine. It is ad-", "ministered by a master. Boats leave", "7"],
        [],
        ["Quays are o\x01fered to all who pay. Ask", "there for prices.", "9"],
    ]
    drawn = [
        b"BT /F1 12 Tf 14 TL 72 720 Td (How do I pay?) Tj T* (By card.) Tj ET",
        b"BT /F1 9 Tf 1 0 0 1 72 700 Tm (Where is ) Tj [(the ) -20 (pi) 3 (er?)] TJ 0 -30 Td (North.) Tj ET",
    ]
    pdfs = (
        write_pdf(folder / "seed.pdf", pages, {"\x01": "\ufb01", "9": "\ue000"}).read_bytes(),
        write_drawn(folder / "seed.pdf", drawn).read_bytes(),
        write_drawn(folder / "seed.pdf", drawn, squeezed=True).read_bytes(),
    )
    found = {
        ".txt": [TEXT.encode()],
        ".html": [PAGE.encode(), PAGE.replace("<head>", '<head><meta charset="utf-8">').encode()],
        ".md": [MARKDOWN.encode(), TEXT.encode()],
        ".pdf": list(pdfs),
        ".json": [b'[{"question": "How?", "answers": {"text": ["So."], "answer_start": [0]}}]'],
        ".jsonl": [],
        ".csv": [],
    }
    for file in sorted(DOCUMENTS.iterdir()):
        found[file.suffix].append(file.read_bytes())
    return found


def mutated(rng: random.Random, raw: bytes, others: list[bytes]) -> bytes:
    """Return a document after one to six mutations."""
    for _ in range(rng.choice((1, 1, 2, 3, 6))):
        raw = rng.choice(MUTATIONS)(rng, raw, others)[:LARGEST]
    return raw


def _flip(rng: random.Random, raw: bytes, others: list[bytes]) -> bytes:
    changed = bytearray(raw)
    for _ in range(rng.choice((1, 3, 20)) if raw else 0):
        changed[rng.randrange(len(changed))] = rng.randrange(256)
    return bytes(changed)


def _cut(rng: random.Random, raw: bytes, others: list[bytes]) -> bytes:
    first, last = sorted(rng.randrange(len(raw) + 1) for _ in range(2))
    return rng.choice((raw[:first], raw[:first] + raw[last:], raw[first:last]))


def _insert(rng: random.Random, raw: bytes, others: list[bytes]) -> bytes:
    place = rng.randrange(len(raw) + 1)
    piece = rng.choice(PIECES).encode("utf-8", "surrogatepass")
    return raw[:place] + piece * rng.choice((1, 1, 2, 7)) + raw[place:]


def _repeat(rng: random.Random, raw: bytes, others: list[bytes]) -> bytes:
    first, last = sorted(rng.randrange(len(raw) + 1) for _ in range(2))
    return raw[:last] + raw[first:last] * rng.choice((1, 5, 300)) + raw[last:]


def _nest(rng: random.Random, raw: bytes, others: list[bytes]) -> bytes:
    begin, end = rng.choice((("<div>", "</div>"), ("<font size=1>", ""), ("> ", ""), ("[", "]"), ("(", ")"),
                             ('{"data":', "}"), ("- ", ""), ("*", "*"), ("<p><b>", ""), ("<table><td>", "")))  # fmt: skip
    times = rng.choice((3, 50, 500, 5_000))
    return begin.encode() * times + raw + end.encode() * times


def _splice(rng: random.Random, raw: bytes, others: list[bytes]) -> bytes:
    other = rng.choice(others)
    first, last = rng.randrange(len(raw) + 1), rng.randrange(len(other) + 1)
    return raw[:first] + other[last:]


def _encode(rng: random.Random, raw: bytes, others: list[bytes]) -> bytes:
    text = raw.decode("utf-8", "replace")
    return rng.choice((b"", b"", codecs.BOM_UTF8)) + text.encode(rng.choice(CODECS), "replace")


MUTATIONS: tuple[Callable[[random.Random, bytes, list[bytes]], bytes], ...] = (
    _flip, _cut, _insert, _insert, _insert, _repeat, _nest, _splice, _encode,
)  # fmt: skip


def run(inputs: int, seed: int, folder: Path, seconds: float = SECONDS) -> Outcome:
    """Read so many documents; return what they came to. Those that fail stay in the folder."""
    outcome, sound = Outcome(), seeds(folder)
    everything = [raw for documents in sound.values() for raw in documents]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for number in range(inputs):
        rng = random.Random(f"{seed}:{number}")
        suffix = rng.choice(list(sound))
        one = made(rng, suffix, folder) if rng.random() < MADE else None
        raw = mutated(rng, rng.choice(sound[suffix]), everything) if one is None else one[0]
        file = folder / f"{number}{suffix}"
        file.write_bytes(raw)
        if fault := _fault(file, outcome, None if one is None else one[1], seconds):
            outcome.failures.append(f"{file}: {fault}")
        else:
            file.unlink()
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) << 10
    if grown > MEMORY:
        outcome.failures.append(f"memory grew by {grown >> 20} MiB, not by {MEMORY >> 20} at most")
    return outcome


def _fault(file: Path, outcome: Outcome, shown: str | None, seconds: float) -> str | None:
    """Return what is wrong with how a file is read, None where nothing is; `shown` are its letters,
    where it is sound."""
    reading, began = Recorded(), time.monotonic()
    faulthandler.dump_traceback_later(HANGING, exit=True)
    try:
        read_file(file, reading)
    except HartonomousError as error:
        outcome.refused += 1
        str(error).encode()
        if shown:
            return f"is sound and was refused: {error}"
    except KeyboardInterrupt:
        raise
    except BaseException:
        # A panic of a library in Rust is no Exception.
        return traceback.format_exc()
    else:
        outcome.read += 1
        if different := _difference(file, reading, outcome, shown):
            return different
    finally:
        faulthandler.cancel_dump_traceback_later()
    taken = time.monotonic() - began
    outcome.slowest = max(outcome.slowest, taken)
    return f"took {taken:.1f} s" if taken > seconds else None


def _difference(file: Path, reading: Recorded, outcome: Outcome, shown: str | None) -> str | None:
    """Return how the letters that were read differ from those another reader finds."""
    raw, suffix = file.read_bytes(), file.suffix
    if suffix in (".json", ".jsonl", ".csv"):
        outcome.compared += 1
        return _questions_differ(raw, suffix, reading)
    texts = {".txt": readers.plain, ".html": readers.page, ".md": readers.markdown}
    if shown is None and suffix in texts:
        shown = texts[suffix](raw)
    if shown is None:
        return None
    outcome.compared += 1
    found = readers.letters("".join(reading.texts))
    if suffix == ".pdf" or reading.excluded["characters of private use"]:
        # Columns may be drawn in any order; a sentence that was left out is counted.
        more, less = Counter(found) - Counter(shown), Counter(shown) - Counter(found)
        less = less if suffix == ".pdf" else Counter()
        return f"read {more} more and {less} less" if more or less else None
    if found == shown:
        return None
    place = next((n for n, (a, b) in enumerate(zip(found, shown, strict=False)) if a != b), 0)
    return (
        f"from letter {place} on {found[place : place + 40]!r} was read, and "
        f"{shown[place : place + 40]!r} stands there"
    )


def _questions_differ(raw: bytes, suffix: str, reading: Recorded) -> str | None:
    """Return how the letters differ, in whatever order: contexts are read before the questions."""
    expected: Counter[str] = Counter()
    for text, times in readers.questions(raw, suffix).items():
        expected.update({letter: n * times for letter, n in Counter(text).items()})
    found = Counter(readers.letters("".join(reading.texts)))
    more, less = found - expected, expected - found
    if reading.excluded["characters of private use"]:
        less = Counter()
    return f"read {more} more and {less} less" if more or less else None


def main() -> int:
    """Run as many inputs as asked for; return 1 where one of them failed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--inputs", type=int, default=5_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="mutations-"))
    outcome = run(asked.inputs, asked.seed, folder)
    sys.stdout.write("\n".join([*outcome.failures, ""]))
    sys.stdout.write(
        f"{asked.inputs:,} inputs of seed {asked.seed}: {outcome.read:,} read, {outcome.compared:,} of "
        f"them compared, {outcome.refused:,} refused, {len(outcome.failures):,} failed; the slowest took "
        f"{outcome.slowest:.1f} s\n"
    )
    return 1 if outcome.failures else 0


if __name__ == "__main__":
    sys.exit(main())
