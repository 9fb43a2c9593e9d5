"""The Cypher files: one statement each, three header lines, values in parameters.

    // What it does.
    // in:  $name TYPE, ...
    // out: name TYPE, ...
    // drawn: name NODE, ...                      what a procedure returns besides, for a picture
    // procedure: name(argument::TYPE, ...)       only for procedures
    // example: name(value, ...)                  only for procedures

What follows from the records of hartonomous.schema stands in the text as a placeholder:

    EVIDENCE_TYPE, EVIDENCE_TYPES, ALL_EVIDENCE     one type, those that feed a rated type, all
    RATED_TYPE, RATED_TYPES, KIND                   one rated type, several, one kind
    FEEDS[evidence type]                            the rated type that an evidence type feeds
    RATED_COUNTS                                    how many edges each rated type has, as a map
    DEFAULT_RELATION, CONTEXT_EVIDENCE              the types that play these parts
    SILENT_EVIDENCE, UNDIRECTED_TYPES               types whose silence speaks; rated both ways
    SILENCE(sums)                                   the sums, for a rated type that such types feed
    AGAINST(edge)                                   what an edge counts against, where types do
    ANSWERING_KINDS, FRAGMENT_KINDS,
    UNCONNECTED_KINDS, DIGESTED_KINDS               labels of kinds, joined by |
    PHRASE_KINDS, IDENTIFIER_KINDS                  labels of kinds that are linked to words
    EVIDENCE_INDEX                                  the name of a type's index by source
    NEW_COLUMNS($columns, i)                        the columns of a type, of row i
    READ_COLUMNS, ALL_COLUMNS                       columns of a type, of all types; later ones as 0
    OWN_COLUMNS                                     columns of a type, each collected; later ones as 0
    SCALAR_COLUMNS, LIST_COLUMNS                    columns of the types that feed a rated type
    OWN_PROPERTIES                                  of kinds, for a map projection
    FIND_WORD(c, text)                              the composition that a text stands for
    FIND_PICTURES(picture)                          the pictures of a key or of a file's name, as p
    FIND_RUNS(words)                                the runs of words that are names of several
    FIND_PROMPTED(text)                             the words of a text that pictures were asked for
    TELLING(nodes)                                  how much compositions tell, as telling of c
    READABLE(c, voices)                             whether people read a composition as a word
    COMMUNITIES(projected, ...)                     the communities of a projection
    PROJECTION($above)                              the projection that procedures compute with
    WORD_ORDER(c, text)                             the order in which several are taken
    RISE(overlap)                                   by how much a silent source's odds rise
    BY_STRENGTH(r)                                  the order of rated edges, strongest first
    OWN_NAME(kind, text)                            the name of a composition without a caption
    RECORD_NAME(label, node)                        the name of a track, batch, journal, suppression

For those who CALL a procedure, and not for Python, which runs the same text:

    DRAWN(value AS name, ...)                       the columns that are drawn, last of all
    ROUNDED(value, digits)                          a number, rounded
    MILLIONTHS(value, digits)                       millionths as a number, rounded
    THOUSANDTHS(value, digits)                      thousandths, such as milli-decades, likewise
    PROCEDURES                                      name, signature, purpose and example of each

So every file, once filled, is a statement the server can explain.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from hartonomous import schema
from hartonomous.errors import UsageError

_SCALED = ("ROUNDED", "MILLIONTHS", "THOUSANDTHS")

COLUMN = "column_"
"""What begins the parameter of a column, of which `$columns` stands for all: a list each, because a
look into a map for every row is slow."""


@dataclass(frozen=True)
class Statement:
    """A Cypher file: its name below cypher/, its text, and the fields of its header.

    `outputs` are the columns that Python gets, `drawn` those that a procedure returns besides.
    """

    name: str
    text: str
    purpose: str
    inputs: str
    outputs: str
    drawn: str | None
    signature: str | None
    example: str | None


def root() -> Traversable:
    """Return the folder of the Cypher files: inside an installed wheel, else beside the checkout's
    package.
    """
    packaged = files("hartonomous") / "_cypher"
    return packaged if packaged.is_dir() else Path(__file__).parents[2] / "cypher"


@cache
def statement(name: str) -> Statement:
    """Return the file `cypher/<name>.cypher` with its header parsed.

    Raises UsageError if there is no such file or its header lacks a line.
    """
    file = root().joinpath(*f"{name}.cypher".split("/"))
    if not file.is_file():
        raise UsageError(f"There is no cypher/{name}.cypher; the installation is incomplete.")
    text = file.read_text("utf-8")
    header = re.match(
        r"// (?P<purpose>.+)\n// in: *(?P<inputs>.*)\n// out: *(?P<outputs>.*)\n"
        r"(?:// drawn: *(?P<drawn>.+)\n)?"
        r"(?:// procedure: *(?P<signature>.+)\n)?(?:// example: *(?P<example>.+)\n)?",
        text,
    )
    if header is None:
        raise UsageError(f"cypher/{name}.cypher does not begin with what, in and out.")
    return Statement(name, text, **header.groupdict())


def names() -> tuple[str, ...]:
    """Return the names of all statements, sorted."""
    return tuple(
        sorted(
            f"{folder.name}/{file.name.removesuffix('.cypher')}"
            for folder in root().iterdir()
            if folder.is_dir()
            for file in folder.iterdir()
            if file.name.endswith(".cypher")
        )
    )


def query(
    name: str,
    *,
    evidence: str | None = None,
    rated: str | None = None,
    types: tuple[str, ...] = (),
    kind: str | None = None,
    called: bool = False,
) -> str:
    """Return a statement's text, filled for one evidence type, rated type or kind, or several types.

    RATED_TYPES becomes the `types`, or the rated type alone, EVIDENCE_TYPES the evidence types that
    feed these. `called` is for those who CALL it: rounded, with the columns that are drawn.
    """
    text = _filled(schema.generation(), name, evidence, rated, types, kind)
    return _shown(text) if called else _unshown(text)


@cache
def _filled(
    generation: int,
    name: str,
    evidence: str | None,
    rated: str | None,
    types: tuple[str, ...],
    kind: str | None,
) -> str:
    text = _with_parts(statement(name).text)
    if evidence is not None:
        text = _of_evidence(text, schema.evidence_type(evidence))
    if types or rated is not None:
        chosen = [schema.rated_type(one) for one in types or (str(rated),)]
        feeding = [each for one in chosen for each in schema.evidence_feeding(one.name)]
        text = _replace(text, "RATED_TYPES", _joined(chosen))
        text = _replace(text, "EVIDENCE_TYPES", _joined(feeding))
    if rated is not None:
        text = _of_rated(text, schema.rated_type(rated))
    return text if kind is None else _replace(text, "KIND", schema.kind_of(kind).name)


def _shown(text: str) -> str:
    """Fill in what those who CALL a procedure see."""
    text = _call(text, "DRAWN", lambda columns: columns)
    text = _call(text, "ROUNDED", lambda given: _rounded(given, ""))
    text = _call(text, "MILLIONTHS", lambda given: _rounded(given, " / 1e6"))
    return _call(text, "THOUSANDTHS", lambda given: _rounded(given, " / 1e3"))


def _unshown(text: str) -> str:
    """Leave out what only those who CALL a procedure see."""
    text = _call(re.sub(r",\s*DRAWN\(", " DRAWN(", text), "DRAWN", lambda _: "")
    for name in _SCALED:
        text = _call(text, name, lambda given: given.rpartition(",")[0])
    return text


def _rounded(given: str, unit: str) -> str:
    value, _, digits = given.rpartition(",")
    return f"round({f'({value})' if unit else value}{unit},{digits})"


def fractions(name: str) -> set[str]:
    """Return the columns of a statement that are whole numbers for Python and fractions for those
    who CALL it.
    """
    text = statement(name).text
    for scaled in ("MILLIONTHS", "THOUSANDTHS"):
        text = _call(text, scaled, lambda _: "FRACTION")
    return set(re.findall(r"\bFRACTION\s+AS (\w+)", text))


def _of_evidence(text: str, record: schema.EvidenceType) -> str:
    text = _replace(text, "EVIDENCE_TYPE", record.name)
    text = _replace(text, "EVIDENCE_INDEX", f"{record.name.lower()}_source")
    text = text.replace("NEW_COLUMNS($columns, i)", _new_columns(record.columns))
    text = _replace(text, "READ_COLUMNS", _read_columns(record))
    own = (f"collect({_read('said', one.name, record)}) AS {one.name}" for one in record.columns)
    text = _replace(text, "OWN_COLUMNS", ",\n       ".join(own))
    lists = (
        f"collect({_read('said', one.name, record)}) AS {one.name}"
        for one in schema.evidence_columns()
    )
    return _replace(text, "ALL_COLUMNS", ",\n       ".join(lists))


def _of_rated(text: str, record: schema.RatedType) -> str:
    types = schema.evidence_feeding(record.name)
    text = _replace(text, "RATED_TYPE", record.name)
    silent = any(one.silence for one in types)
    text = _call(text, "SILENCE", lambda sums: sums if silent else "[0, 0]")
    opposed = any(one.opposes for one in types)
    text = _call(text, "AGAINST", lambda edge: f"{edge}.against" if opposed else "0")
    scalars, lists = columns_of(types)
    text = _replace(text, "SCALAR_COLUMNS", ", ".join(f"e.{one}" for one in scalars))
    return _replace(text, "LIST_COLUMNS", ", ".join(f"e.{one}" for one in lists))


def columns_of(types: Iterable[schema.EvidenceType]) -> tuple[list[str], list[str]]:
    """Return the names of the types' columns, each once: those of single values, those of lists."""
    met = {column.name: column for each in types for column in each.columns}
    scalars = [column.name for column in met.values() if not column.listed]
    return scalars, [column.name for column in met.values() if column.listed]


def _with_parts(text: str) -> str:
    """Fill in what depends on the records as a whole."""
    text = re.sub(r"\bCOMMUNITIES\(projected, [^()]+\)", lambda _: _communities(), text)
    text = re.sub(r"\bFIND_WORD\((\w+), ([^()]+)\)", _find_word, text)
    text = re.sub(r"\bFIND_PICTURES\(([^()]+)\)", _find_pictures, text)
    text = re.sub(r"\bFIND_RUNS\(([^()]+)\)", _find_runs, text)
    text = re.sub(r"\bFIND_PROMPTED\(([^()]+)\)", _find_prompted, text)
    text = re.sub(r"\bTELLING\((\w+)\)", _telling, text)
    text = re.sub(r"\bREADABLE\((\w+), (\w+)\)", _readable, text)
    text = text.replace("PROJECTION($above)", _body("ask/called_projection"))
    kinds = schema.kinds()
    text = _replace(text, "ALL_EVIDENCE", _joined(schema.evidence_types()))
    feeds = ", ".join(f"{one.name}: '{one.feeds}'" for one in schema.evidence_types())
    text = _replace(text, "FEEDS", f"{{{feeds}}}")
    counts = (f"{one.name}: COUNT {{ ()-[:{one.name}]->() }}" for one in schema.rated_types())
    text = _replace(text, "RATED_COUNTS", f"{{{', '.join(counts)}}}")
    text = _replace(text, "DEFAULT_RELATION", schema.DEFAULT_RELATION)
    text = _replace(text, "STEP_PRICE", str(schema.STEP_PRICE))
    text = _replace(text, "CONTEXT_EVIDENCE", schema.context_evidence())
    text = _replace(text, "SILENT_EVIDENCE", _joined(schema.silent_types()))
    both_ways = (one for one in schema.rated_types() if not one.directed)
    text = _replace(text, "UNDIRECTED_TYPES", _joined(both_ways))
    text = _replace(text, "FRAGMENT_KINDS", _joined(one for one in kinds if one.fragment))
    text = _replace(text, "ANSWERING_KINDS", _joined(one for one in kinds if one.answers))
    text = _replace(text, "UNCONNECTED_KINDS", _joined(one for one in kinds if not one.connected))
    text = _replace(text, "DIGESTED_KINDS", _joined(one for one in kinds if one.digested))
    text = _replace(text, "PHRASE_KINDS", _joined(one for one in kinds if one.phrases))
    text = _replace(text, "IDENTIFIER_KINDS", _joined(one for one in kinds if one.identifier))
    text = re.sub(r"\bOWN_NAME\(([^(),]+), ([^()]+)\)", _own_name, text)
    text = re.sub(r"\bRECORD_NAME\((\w+), (\w+)\)", _record_name, text)
    text = re.sub(r"\bBY_STRENGTH\((\w+)\)", _by_strength, text)
    text = _call(text, "RISE", _rise)
    own = dict.fromkeys(each.name for kind in kinds for each in kind.properties)
    text = _replace(text, "OWN_PROPERTIES", ", ".join(f".{name}" for name in own))
    return re.sub(r"\bWORD_ORDER\((\w+), ([^()]+)\)", _word_order, text)


def _find_word(match: re.Match[str]) -> str:
    variable, text = match.groups()
    return re.sub(r"\bc\b", variable, _body("ask/find_text")).replace("$text", text)


def _find_pictures(match: re.Match[str]) -> str:
    return _body("ask/match_pictures").replace("$picture", match[1])


def _find_runs(match: re.Match[str]) -> str:
    return _body("ask/match_runs").replace("$words", match[1])


def _find_prompted(match: re.Match[str]) -> str:
    return _body("ask/match_prompted").replace("$text", match[1])


def _telling(match: re.Match[str]) -> str:
    return _body("ask/weigh_word").replace("$nodes", match[1])


def _communities() -> str:
    body = _body("ask/survey_communities").replace("\n  ", "\n")
    return body.partition("AS projected\n")[2]


def _readable(match: re.Match[str]) -> str:
    """What no vocabulary holds; else a text read as a word and, of several sources, known to two."""
    node, voices = match.groups()
    known = f"split(coalesce({node}.known, ''), '+')"
    both = f"size([v IN {voices} WHERE any(n IN v WHERE n IN {known})])"
    letters = "\\\\p{L}\\\\p{M}\\\\p{N}\\'\u2019 ._-"
    single = "[\\\\p{IsHan}\\\\p{IsHiragana}\\\\p{IsKatakana}\\\\x{ac00}-\\\\x{d7a3}]"
    reads = f"'\\\\p{{L}}[{letters}]*[\\\\p{{L}}\\\\p{{M}}][{letters}]*|{single}'"
    return (
        f"(coalesce({node}.known, '') = '' OR {node}.text =~ {reads}"
        f" AND (size({voices}) < 2 OR {both} > 1))"
    )


def _body(name: str) -> str:
    return "\n  ".join(line for line in statement(name).text.splitlines() if line[:2] != "//")


def _word_order(match: re.Match[str]) -> str:
    """Of what lies on paths first, an exact text first, then by the rank of its kind, then by text."""
    variable, text = match.groups()
    ranks = " ".join(f"WHEN '{one.name}' THEN {one.rank}" for one in schema.kinds())
    ranked = f"CASE {variable}.kind {ranks} END"
    apart = ", ".join(f"'{one.name}'" for one in schema.kinds() if not one.connected)
    return f"{variable}.kind IN [{apart}], {variable}.text = normalize({text}) DESC, {ranked}, {variable}.text"


def _rise(overlap: str) -> str:
    """In milli-decades, by the cosine of two words' neighbours, as affinity grows with it."""
    return f"toInteger(round(2000 * (log10({overlap} + 0.01) + 2)))"


def _by_strength(match: re.Match[str]) -> str:
    """By consensus, which equal ranks in all sources make equal, then by elo, which has the similarity."""
    edge = match[1]
    return f"coalesce({edge}.consensus, {edge}.elo) DESC, {edge}.elo DESC"


def _own_name(match: re.Match[str]) -> str:
    """A text, cut where it is long; of a digest, which nobody reads, its beginning and the kind."""
    kind, text = match.groups()
    digested = ", ".join(f"'{one.name}'" for one in schema.kinds() if one.digested)
    long = schema.NAME_LENGTH
    return (
        f"CASE WHEN {kind} IN [{digested}] THEN {kind} + ' ' + left({text}, 8) "
        f"WHEN size({text}) > {long} THEN left({text}, {long - 1}) + '…' ELSE {text} END"
    )


def _record_name(match: re.Match[str]) -> str:
    label, node = match.groups()
    return {
        "Track": f"{node}.source + ' ' + toLower(replace(toStringOrNull({node}.evidence), '_EVIDENCE', ''))",
        "Batch": f"{node}.key",
        "Deletion": f"{node}.verb + ' ' + toString({node}.number)",
        "Suppression": f"{node}.kind + ' ' + left(toStringOrNull({node}.id), 8)",
    }[label]


def _new_columns(columns: Iterable[schema.Column]) -> str:
    return ", ".join(f"{one.name}: ${COLUMN}{one.name}[i]" for one in columns)


def _read_columns(record: schema.EvidenceType) -> str:
    return ", ".join(f"{_read('e', one.name, record)} AS {one.name}" for one in record.columns)


def _read(edge: str, column: str, record: schema.EvidenceType) -> str:
    return f"coalesce({edge}.{column}, 0)" if column in record.later else f"{edge}.{column}"


def _joined(records: Iterable[schema.EvidenceType | schema.RatedType | schema.Kind]) -> str:
    return "|".join(one.name for one in records)


def _call(text: str, name: str, value: Callable[[str], str]) -> str:
    """Replace NAME(argument) by what `value` makes of the argument, which may hold brackets."""
    while (match := re.search(rf"\b{name}\(", text)) is not None:
        depth, end = 1, match.end()
        while depth:
            depth += {"(": 1, ")": -1}.get(text[end], 0)
            end += 1
        text = text[: match.start()] + value(text[match.end() : end - 1]) + text[end:]
    return text


def _replace(text: str, placeholder: str, value: str) -> str:
    return re.sub(rf"\b{placeholder}\b", value, text)
