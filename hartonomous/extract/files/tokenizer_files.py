"""Tokenizer files as tables of tokens: no tokenizer is run, and no pattern of a model is compiled."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from hartonomous.errors import BadInput
from hartonomous.extract.files.list_columns import GAPS
from hartonomous.extract.files.module_folders import weights_folder
from hartonomous.extract.files.piece_marks import convention_by_marks, with_words
from hartonomous.extract.files.untrusted_files import inside, read_json, shown
from hartonomous.extract.files.word_lists import read_words
from hartonomous.extract.vocabulary import (
    Convention,
    byte_level,
    continuing,
    ending,
    sentencepiece,
    whole_words,
    wordpiece,
)
from hartonomous.schema import CONTINUATION

LARGEST_ID = 1 << 24
TOKENIZERS = ("tokenizer.json", "vocab.txt", "vocab.json")
KINDS = ("BPE", "Unigram", "WordLevel", "WordPiece")
SPECIALS, ADDED = "special_tokens_map.json", "added_tokens.json"


@dataclass(frozen=True)
class TokenTable:
    """The entries of a matrix's rows, their convention of piece marks, and remarks on single rows.

    `set_aside` are special and unused rows with the reason; `literal` rows are words as written.
    `files` are the files read, the one with the entries first. `placed` says that they state the
    rows, `ranks` that special tokens are in no file; `declared` are the sizes of vocabulary in the
    model's configuration.
    """

    files: tuple[Path, ...]
    entries: list[str | None]
    convention: Convention
    set_aside: dict[int, str] = field(default_factory=dict)
    literal: frozenset[int] = frozenset()
    placed: bool = False
    ranks: bool = False
    declared: frozenset[int] = frozenset()


def word_list(path: Path, rows: int | None = None) -> TokenTable:
    """Return the word list of a matrix of `rows` rows as a table: by `read_words`, or a tokenizer."""
    if path.suffix.lower() == ".json" and isinstance(value := read_json(path), dict):
        if "model" in value:
            return _from_tokenizer_json(path, value)
        if not all(isinstance(word, str) for word in value.values()):
            return _from_vocab(path, value)
    return _listed(path, rows, whole_words)


def find_tokenizer(folder: Path, rows: int | None = None) -> TokenTable:
    """Return the tokenizer beside a model of `rows` rows: the first existing one of TOKENIZERS,
    else the ranks of tiktoken; for a model in parts, the first part's.
    """
    for place in dict.fromkeys((weights_folder(folder), folder)):
        ranks = sorted(file.name for file in place.glob("*.tiktoken"))
        for name in (*TOKENIZERS, *ranks[:1]):
            if (place / name).is_file():
                return read_tokenizer(inside(place, name), rows)
    told = ""
    if (folder / "tokenizer.model").is_file():
        told = (
            " Its tokenizer.model has SentencePiece's own format; convert it to tokenizer.json "
            "with transformers (AutoTokenizer.from_pretrained(FOLDER).save_pretrained(FOLDER))."
        )
    raise BadInput(
        f"{folder} has no {', '.join(TOKENIZERS)}; give its words with --vocabulary FILE.{told}"
    )


def read_tokenizer(path: Path, rows: int | None = None) -> TokenTable:
    """Return a tokenizer file's table.

    Raises NotFound if there is no such file, BadInput for damage, for an id out of range, and for
    two tokens with one id.
    """
    if path.suffix.lower() != ".json":
        # A list of tokens beside a matrix of safetensors is BERT's vocab.txt.
        return _with_specials(_listed(path, rows, wordpiece))
    value = read_json(path)
    if isinstance(value, list):
        return _with_specials(_listed(path, rows, wordpiece))
    if not isinstance(value, dict):
        raise BadInput(f"{path} is not a tokenizer: it is not a JSON object.")
    return _from_tokenizer_json(path, value) if "model" in value else _from_vocab(path, value)


def _listed(path: Path, rows: int | None, usual: Convention) -> TokenTable:
    """Return a list as a table, with its pieces recognised by their marks, if any."""
    found = read_words(path, rows)
    convention = convention_by_marks(found.words) or usual
    if found.ranks:
        convention = with_words(byte_level, found.words)
    return TokenTable((path,), found.words, convention, placed=found.placed, ranks=found.ranks)


def _from_tokenizer_json(path: Path, value: dict[str, Any]) -> TokenTable:
    model = value["model"]
    try:
        vocabulary = model["vocab"]
        if isinstance(vocabulary, list):
            tokens = [(text, row) for row, (text, _score) in enumerate(vocabulary)]
        else:
            tokens = list(vocabulary.items())
        added = [(a["content"], a["id"], a.get("special")) for a in value.get("added_tokens") or ()]
        known = dict(tokens)
        tokens += [(text, row) for text, row, _ in added if known.get(text) != row]
        convention = _convention(path, value, [text for text, _ in tokens])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadInput(f"{path} is not a supported tokenizer.json: {error!r}.") from error
    entries = _by_id(path, tokens)
    aside = {row: "special" for _, row, special in added if special}
    literal = frozenset(row for _, row, special in added if not special)
    convention = with_words(convention, entries, aside.keys() | literal)
    return TokenTable((path,), entries, convention, aside, literal, placed=True)


def _from_vocab(path: Path, value: dict[str, Any]) -> TokenTable:
    """Return the table of vocab.json: token to id; and added_tokens.json beside it likewise."""
    files, tokens = [path], list(value.items())
    if (path.parent / ADDED).is_file():
        files.append(inside(path.parent, ADDED))
        added = read_json(files[-1])
        tokens += added.items() if isinstance(added, dict) else ()
    # The file does not state its convention of piece marks.
    convention = convention_by_marks(list(value)) or whole_words
    if (path.parent / "merges.txt").is_file() and convention is whole_words:
        convention = with_words(byte_level, list(value))
    return _with_specials(TokenTable(tuple(files), _by_id(path, tokens), convention, placed=True))


def _with_specials(table: TokenTable) -> TokenTable:
    """Return a table with the rows set aside that special_tokens_map.json beside it names."""
    folder = table.files[0].parent
    if not (folder / SPECIALS).is_file():
        return table
    path = inside(folder, SPECIALS)
    special = set(_texts(read_json(path)))
    aside = {row: "special" for row, entry in enumerate(table.entries) if entry in special}
    return replace(table, files=(*table.files, path), set_aside=aside)


def _texts(value: object) -> Iterator[str]:
    """Yield the tokens of special_tokens_map.json: texts, objects with `content`, or lists."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for member in (value["content"],) if "content" in value else value.values():
            yield from _texts(member)
    elif isinstance(value, list):
        for member in value:
            yield from _texts(member)


def _convention(path: Path, value: dict[str, Any], tokens: list[str]) -> Convention:
    model = value["model"]
    kind = model.get("type") or ("Unigram" if isinstance(model["vocab"], list) else "BPE")
    if kind not in KINDS:
        raise BadInput(
            f"{path} is a tokenizer of the kind {shown(str(kind))}, whose marks of words are "
            f"unknown; supported are {', '.join(KINDS)}. Give a list of its words with "
            "--vocabulary FILE."
        )
    if kind == "WordLevel":
        return whole_words
    prefix = model.get("continuing_subword_prefix") or (CONTINUATION if kind == "WordPiece" else "")
    if prefix:
        return wordpiece if prefix == CONTINUATION else continuing(str(prefix))
    parts = {*_types(value.get("pre_tokenizer")), *_types(value.get("decoder"))}
    named = byte_level if "ByteLevel" in parts else None
    convention = named or convention_by_marks(tokens) or sentencepiece
    suffix = model.get("end_of_word_suffix")
    return ending(convention, str(suffix)) if suffix else convention


def _types(part: object) -> Iterator[str]:
    """Yield the types of a pre-tokenizer or decoder and of its members."""
    if isinstance(part, dict):
        yield str(part.get("type"))
        for members in (part.get("pretokenizers"), part.get("decoders")):
            for member in members if isinstance(members, list) else ():
                yield from _types(member)


def _by_id(path: Path, tokens: Iterable[tuple[Any, Any]]) -> list[str | None]:
    table: dict[int, str] = {}
    for text, row in tokens:
        if not isinstance(text, str) or not isinstance(row, int) or not 0 <= row < LARGEST_ID:
            raise BadInput(
                f"{path}: {shown(str(text))} has the id {str(row)[:20]}, which is not a row."
            )
        if table.setdefault(row, text) != text:
            raise BadInput(f"{path}: {shown(table[row])} and {shown(text)} share the id {row}.")
    if max(table, default=-1) >= GAPS * len(table) + 64:
        raise BadInput(
            f"{path}: its ids reach {max(table)} for {len(table)} tokens, so they are not the "
            "rows of a matrix."
        )
    return [table.get(row) for row in range(max(table, default=-1) + 1)]
