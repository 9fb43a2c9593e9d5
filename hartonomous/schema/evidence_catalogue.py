"""Evidence types: what one source can observe about a pair."""

from __future__ import annotations

from hartonomous.schema.kind_catalogue import (
    CONTEXT,
    FEATURE,
    IMAGE,
    PIECE,
    REGION,
    SENTENCE,
    SYMBOL,
    TOKEN,
)
from hartonomous.schema.record_classes import Column, EvidenceType, Property

MICRO = 1_000_000
"""One weight of 1.0, in the integer units that evidence adds up."""

SOURCE = Property("source", "STRING", "name of the source; indexed per type")
"""On every evidence edge, besides its type's columns."""

COUNTED: tuple[Column, ...] = (
    Column("n", "int32", "positions, or times, it was observed"),
    Column("weight", "int64", "sum of the weights in micro-units; one weight is in [0, 1]"),
)
"""The columns of every evidence type."""

COMPARED: tuple[Column, ...] = (
    *COUNTED,
    Column("directed", "int32", "listings in the 2n directions; directed - n mutual"),
    Column("rank", "int32", "sum over directions of round(1000 log10((k + 1) / rank))"),
    Column("support", "int32", "log-odds against chance, in milli-decades"),
    Column(
        "positions",
        "int16",
        "where it was observed: layer * heads + head, or layer",
        listed=True,
    ),
)
"""The columns of types whose source compared vectors."""

WORDS = frozenset({TOKEN, PIECE})
TEXTS = frozenset({TOKEN, SENTENCE})
PICTURES = frozenset({IMAGE, REGION, FEATURE})
CODE = frozenset({SYMBOL})


def _compared(name: str, meaning: str) -> EvidenceType:
    return EvidenceType(
        name, "RELATES", meaning, WORDS, WORDS, COMPARED, votes=True, counted="directed"
    )


def _spatial(relation: str, meaning: str) -> EvidenceType:
    ends = PICTURES | {TOKEN}
    return EvidenceType(f"{relation}_EVIDENCE", relation, meaning, ends, ends, COUNTED)


def _structural(relation: str, meaning: str) -> EvidenceType:
    return EvidenceType(f"{relation}_EVIDENCE", relation, meaning, CODE, CODE, COUNTED)


EVIDENCE: tuple[EvidenceType, ...] = (
    _compared("EMBEDDING_EVIDENCE", "k nearest neighbours in an embedding matrix"),
    _compared("LAYER_EVIDENCE", "k nearest neighbours in a layer's output"),
    _compared("HEAD_EVIDENCE", "k nearest neighbours in a head's value subspace"),
    EvidenceType(
        "SENTENCE_EVIDENCE",
        "RELATES",
        "sentences near each other by an encoder; sentences and their content words",
        TEXTS,
        TEXTS,
        COUNTED,
    ),
    EvidenceType("COOCCURRENCE_EVIDENCE", "RELATES", "seen together", WORDS, WORDS, COUNTED),
    EvidenceType(
        "CROSSMODAL_EVIDENCE",
        "RELATES",
        "similar text and image",
        TEXTS | PICTURES,
        TEXTS | PICTURES,
        COUNTED,
    ),
    EvidenceType("EQUIVALENCE_EVIDENCE", "RELATES", "code of the same shape", CODE, CODE, COUNTED),
    EvidenceType(
        "NEXT_EVIDENCE",
        "PRECEDES",
        "next tokens after a token or context",
        WORDS | {CONTEXT},
        WORDS,
        COUNTED,
        contexts=True,
    ),
    EvidenceType(
        "PROMOTION_EVIDENCE",
        "PROMOTES",
        "output tokens promoted by an input token",
        WORDS,
        WORDS,
        COUNTED,
    ),
    EvidenceType(
        "ANSWER_EVIDENCE",
        "ANSWERED_BY",
        "a question and the answer given with it, or the sentence read after it",
        frozenset({SENTENCE}),
        frozenset({SENTENCE}),
        COUNTED,
    ),
    EvidenceType(
        "DEPICTION_EVIDENCE",
        "DEPICTS",
        "an image shows a concept",
        PICTURES,
        TEXTS | PICTURES,
        COUNTED,
    ),
    _spatial("LEFT_OF", "one box left of another"),
    _spatial("ABOVE", "one box above another"),
    _spatial("INSIDE", "one box inside another"),
    _spatial("OVERLAPS", "two boxes overlap"),
    _spatial("NEAR", "two boxes near each other"),
    _structural("CALLS", "code calls code"),
    _structural("IMPORTS", "code imports code"),
    _structural("CONTAINS", "code contains code"),
    _structural("INHERITS", "a class inherits from a class"),
    EvidenceType("DESCRIBES_EVIDENCE", "DESCRIBES", "text describes code", TEXTS, CODE, COUNTED),
)
