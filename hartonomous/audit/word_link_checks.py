"""Checks of names of several words and of their links, against the texts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hartonomous.audit.audit_findings import Findings, names_of
from hartonomous.graph.cypher_files import query
from hartonomous.graph.driver import Graph, Row, in_parts
from hartonomous.name_words import linked_words
from hartonomous.schema import HAS_WORD, PHRASE

WORDS = 5_000
"""Words looked up at once."""

UNLINKED = (
    "Names of several words are not linked to their words, or by the rules of another version; these "
    "links are not checked. 'hartonomous rate --all' writes them."
)

Tokens = dict[str, tuple[str, list[int]]]
"""By word: as look-ups fold it, and the tokens with that text."""


@dataclass(frozen=True)
class _Fault:
    start: int
    end: int
    text: str


def check_word_links(graph: Graph, linked: bool, complete: bool) -> tuple[Findings, list[str]]:
    """Return findings on names whose mark, words or links differ from their texts, and limits.

    `linked` says that a rating pass linked the graph by this version's rules, `complete` that none
    is due, so that no link may be missing.
    """
    found = Findings()
    rows = graph.read(query("audit/read_names"))
    said = [linked_words(r["text"], r["kind"]) if _is_read(r) else () for r in rows]
    if not linked:
        return found, [UNLINKED] if any(said) else []
    tokens = _tokens(graph, sorted({word for words in said for word in words}))
    faults: list[_Fault] = []
    for row, words in zip(rows, said, strict=True):
        folded = [tokens[word][0] for word in words]
        if complete and row["marked"] != bool(words):
            lacks = "is labelled" if row["marked"] else "is not labelled"
            found.add("names with another label", f"Composition {row['text']!r} {lacks} {PHRASE}.")
        if (complete or row["words"] is not None) and (row["words"] or []) != folded:
            found.add(
                "names with other words",
                f"Composition {row['text']!r}: words is {row['words']!r}, expected {folded or None!r}.",
            )
        faults += _link_faults(row, _expected(words, tokens), complete)
    _tell(graph, found, faults)
    return found, []


def _is_read(row: Row) -> bool:
    return isinstance(row["text"], str) and isinstance(row["kind"], str)


def _tokens(graph: Graph, words: Sequence[str]) -> Tokens:
    statement = query("audit/find_tokens")
    return {
        word: (row["folded"], row["ids"])
        for part in in_parts(words, WORDS)
        for word, row in zip(part, graph.read(statement, words=list(part)), strict=True)
    }


def _expected(words: Sequence[str], tokens: Tokens) -> dict[int, int]:
    """Return the position of each token that a name is linked to."""
    found: dict[int, int] = {}
    for position, word in enumerate(words):
        for token in tokens[word][1]:
            found.setdefault(token, position)
    return found


def _link_faults(row: Row, expected: dict[int, int], complete: bool) -> Iterator[_Fault]:
    seen: set[int] = set()
    for token, position in row["links"]:
        if token not in expected:
            yield _Fault(row["id"], token, "is no word of it")
        elif token in seen:
            yield _Fault(row["id"], token, "stored more than once")
        elif position != expected[token] or isinstance(position, bool):
            text = f"position is {position!r}, expected {expected[token]}"
            yield _Fault(row["id"], token, text)
        seen.add(token)
    for token in sorted(expected.keys() - seen) if complete else ():
        yield _Fault(row["id"], token, "missing")


def _tell(graph: Graph, found: Findings, faults: Sequence[_Fault]) -> None:
    named = names_of(graph, [id for fault in faults for id in (fault.start, fault.end)])
    texts = [f"{HAS_WORD} {named[f.start]} → {named[f.end]}: {f.text}." for f in faults]
    found.add_many(f"{HAS_WORD} edges that contradict their texts", texts, len(texts))
