"""Tokenizer files as tables of tokens: no tokenizer is run, and no pattern of a model is compiled."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hartonomous.errors import BadInput
from hartonomous.extract.tensors import inside, read_json
from hartonomous.extract.vocabulary import (
    Convention,
    byte_level,
    sentencepiece,
    whole_words,
    wordpiece,
)
from hartonomous.extract.word_lists import read_words

LARGEST_ID = 1 << 24


@dataclass(frozen=True)
class TokenTable:
    """A tokenizer's entries by row, how it marks pieces, and what it says of single rows.

    `set_aside` are special and unused rows with the reason; `literal` rows stand for their text.
    """

    file: Path
    entries: list[str | None]
    convention: Convention
    set_aside: dict[int, str] = field(default_factory=dict)
    literal: frozenset[int] = frozenset()


def find_tokenizer(folder: Path) -> TokenTable:
    """Return the tokenizer that lies beside a model: tokenizer.json, else vocab.txt or vocab.json."""
    for name in ("tokenizer.json", "vocab.txt", "vocab.json"):
        if (folder / name).is_file():
            return read_tokenizer(inside(folder, name))
    raise BadInput(
        f"{folder} has no tokenizer.json, vocab.txt or vocab.json; give the words with --vocabulary."
    )


def read_tokenizer(path: Path) -> TokenTable:
    """Return a tokenizer file's table.

    Raises BadInput for damage, for an id out of range, and for two tokens with one id.
    """
    if path.suffix.lower() != ".json":
        # A list of tokens beside a matrix of safetensors is BERT's vocab.txt.
        return TokenTable(path, list(read_words(path)), wordpiece)
    value = read_json(path)
    if not isinstance(value, dict):
        raise BadInput(f"{path} is no tokenizer: it holds no object.")
    if "model" not in value:
        # vocab.json of GPT-2 and its heirs: token to id, byte-level.
        return TokenTable(path, _by_id(path, value.items()), byte_level)
    return _from_tokenizer_json(path, value)


def _from_tokenizer_json(path: Path, value: dict[str, Any]) -> TokenTable:
    try:
        model = value["model"]
        kind = model.get("type") or ("Unigram" if isinstance(model["vocab"], list) else "BPE")
        if isinstance(model["vocab"], list):
            tokens = [(entry[0], row) for row, entry in enumerate(model["vocab"])]
        else:
            tokens = list(model["vocab"].items())
        added = [
            (a["content"], a["id"], bool(a.get("special"))) for a in value.get("added_tokens") or ()
        ]
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise BadInput(f"{path} is no tokenizer.json that is known: {error!r}.") from error
    known = dict(tokens)
    extra = [(text, row) for text, row, _ in added if known.get(text) != row]
    entries = _by_id(path, [*tokens, *extra])
    return TokenTable(
        path,
        entries,
        _convention(kind, value),
        {row: "special" for _, row, special in added if special},
        frozenset(row for _, row, special in added if not special),
    )


def _convention(kind: str, value: dict[str, Any]) -> Convention:
    if kind == "WordPiece":
        return wordpiece
    if kind == "WordLevel":
        return whole_words
    parts = set(_types(value.get("pre_tokenizer"))) | set(_types(value.get("decoder")))
    return byte_level if "ByteLevel" in parts else sentencepiece


def _types(part: object) -> Iterator[str]:
    """Yield the types of a pre-tokenizer or decoder and of its members."""
    if isinstance(part, dict):
        yield str(part.get("type"))
        for members in (part.get("pretokenizers"), part.get("decoders")):
            for member in members if isinstance(members, list) else ():
                yield from _types(member)


def _by_id(path: Path, tokens: Any) -> list[str | None]:
    table: dict[int, str] = {}
    for text, row in tokens:
        if not isinstance(text, str) or not isinstance(row, int) or not 0 <= row < LARGEST_ID:
            raise BadInput(f"{path}: {str(text)[:40]!r} has the id {row!r}, which is no row.")
        if table.setdefault(row, text) != text:
            raise BadInput(f"{path}: {table[row][:40]!r} and {text[:40]!r} share the id {row}.")
    return [table.get(row) for row in range(max(table, default=-1) + 1)]
