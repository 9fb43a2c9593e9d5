"""Evidence types: what one source can observe about a pair."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hartonomous.schema.kind_catalogue import (
    CONTEXT,
    FEATURE,
    IMAGE,
    PIECE,
    REGION,
    SENTENCE,
    SHAPE,
    SYMBOL,
    TOKEN,
)
from hartonomous.schema.null_models import (
    EFFECT,
    EXPECTED,
    HALF,
    INDEPENDENT,
    JUDGED,
    LISTED,
    LISTED_ACROSS,
    LISTED_ONE_WAY,
    MICRO,
    ORDERED,
    SUPPORT,
)
from hartonomous.schema.rating_catalogue import DEFAULT_RELATION, RATED
from hartonomous.schema.record_classes import (
    EVIDENCE_ENDING,
    Column,
    EvidenceType,
    NullModel,
    Property,
    RatedType,
)

__all__ = ["COUNTED", "EVIDENCE", "MICRO", "SOURCE"]

SOURCE = Property("source", "STRING", "name of the source; indexed per type")
"""On every evidence edge, besides its type's columns."""

COUNTED: tuple[Column, ...] = (
    Column("n", "int32", "positions, or times, it was observed"),
    Column("weight", "int64", "sum of the weights in micro-units; one weight is in [0, 1]"),
)
"""The columns of every evidence type, besides `support`."""

COMPARED: tuple[Column, ...] = (
    *COUNTED,
    *LISTED.columns,
    SUPPORT,
    Column(
        "positions",
        "int16",
        "where it was observed: layer * heads + head, or layer",
        listed=True,
    ),
)
"""The columns of types whose source compared vectors."""

STATED = 500
"""Trust, in thousandths, of a track whose rows are read off and not sampled: no half of them could
repeat the other."""

UNCOMPARED = 1000
"""Trust, in thousandths, of a person with whom nobody else can be compared."""
LINE = Column(
    "line",
    "int32",
    "line of the first occurrence, in the file that the start is held at; 0 unknown",
)
STEPS = Column(
    "steps",
    "int32",
    "what it was resolved through, as bits (docs/code.md); 0 where it is written out",
)
"""Where code says it, and how it is known."""

WORDS = frozenset({TOKEN, PIECE})
TEXTS = frozenset({TOKEN, SENTENCE})
PICTURES = frozenset({IMAGE, REGION, FEATURE})
CODE = frozenset({SYMBOL})
EVERYTHING = WORDS | TEXTS | PICTURES | CODE | {SHAPE}


def _compared(name: str, meaning: str) -> EvidenceType:
    return EvidenceType(
        name, "RELATES", meaning, WORDS, WORDS, COMPARED, LISTED, silence=True, counted="directed"
    )


def _counted(
    name: str,
    feeds: str,
    meaning: str,
    ends: tuple[frozenset[str], frozenset[str]],
    chance: NullModel,
    trust: int | None = None,
    loops: bool = False,
    contexts: bool = False,
) -> EvidenceType:
    half = (HALF,) if trust is None else ()
    more = (SUPPORT, *half, *chance.columns)
    return EvidenceType(
        name,
        feeds,
        meaning,
        *ends,
        (*COUNTED, *more),
        chance,
        trust=trust,
        loops=loops,
        contexts=contexts,
        later=frozenset(column.name for column in more),
    )


def _spatial(relation: str, meaning: str, chance: NullModel) -> EvidenceType:
    ends = PICTURES | {TOKEN}
    return _counted(f"{relation}_EVIDENCE", relation, meaning, (ends, ends), chance, loops=True)


def _structural(relation: str, meaning: str, loops: bool = False) -> EvidenceType:
    name = f"{relation}_EVIDENCE"
    made = _counted(name, relation, meaning, (CODE, CODE), INDEPENDENT, STATED, loops)
    return replace(
        made, columns=(*made.columns, LINE, STEPS), later=made.later | {LINE.name, STEPS.name}
    )


def _judged(rated: RatedType, observed: Sequence[EvidenceType]) -> EvidenceType:
    """Return what a person says of a rated type, between whatever `observed` types relate."""
    feeding = [each for each in observed if each.feeds == rated.name]
    return EvidenceType(
        f"{rated.name}_JUDGEMENT{EVIDENCE_ENDING}",
        rated.name,
        f"a person accepts or rejects that one {rated.meaning.partition(';')[0]} the other",
        frozenset[str]().union(*(each.starts for each in feeding)),
        frozenset[str]().union(*(each.ends for each in feeding)),
        (*COUNTED, SUPPORT, *JUDGED.columns),
        JUDGED,
        trust=UNCOMPARED,
        loops=any(each.loops for each in feeding),
    )


OBSERVED: tuple[EvidenceType, ...] = (
    _compared("EMBEDDING_EVIDENCE", "k nearest neighbours in an embedding matrix"),
    _compared("LAYER_EVIDENCE", "k nearest neighbours in a layer's output"),
    _compared("HEAD_EVIDENCE", "k nearest neighbours in a head's value subspace"),
    _counted(
        "SENTENCE_EVIDENCE",
        "RELATES",
        "sentences near each other by an encoder; sentences and their content words",
        (TEXTS, TEXTS),
        INDEPENDENT,
        STATED,
    ),
    _counted("COOCCURRENCE_EVIDENCE", "RELATES", "seen together", (WORDS, WORDS), INDEPENDENT),
    _counted(
        "CROSSMODAL_EVIDENCE",
        "RELATES",
        "similar text and image",
        (TEXTS | PICTURES, TEXTS | PICTURES),
        LISTED_ACROSS,
        STATED,
    ),
    _counted(
        "EQUIVALENCE_EVIDENCE",
        "RELATES",
        "code and its shape, in which code of the same shape meets",
        (CODE | {SHAPE}, CODE | {SHAPE}),
        INDEPENDENT,
        STATED,
    ),
    _counted(
        "NEXT_EVIDENCE",
        "PRECEDES",
        "next tokens after a token or context",
        (WORDS | {CONTEXT}, WORDS),
        EXPECTED,
        STATED,
        contexts=True,
    ),
    _counted(
        "PROMOTION_EVIDENCE",
        "PROMOTES",
        "output tokens promoted by an input token",
        (WORDS, WORDS),
        LISTED_ONE_WAY,
    ),
    _counted(
        "ANSWER_EVIDENCE",
        "ANSWERED_BY",
        "a question and the answer given with it, or the sentence read after it",
        (frozenset({SENTENCE}), frozenset({SENTENCE})),
        INDEPENDENT,
        STATED,
    ),
    _counted(
        "DEPICTION_EVIDENCE",
        "DEPICTS",
        "an image shows a concept",
        (PICTURES, TEXTS | PICTURES),
        INDEPENDENT,
        STATED,
    ),
    _counted(
        "EFFECT_EVIDENCE",
        "DEPICTS",
        "how much more of a feature generated pictures have with a word in the prompt",
        (frozenset({FEATURE}), frozenset({TOKEN})),
        EFFECT,
        STATED,
    ),
    _spatial("LEFT_OF", "one box left of another", ORDERED),
    _spatial("ABOVE", "one box above another", ORDERED),
    _spatial("INSIDE", "one box inside another", ORDERED),
    _spatial("OVERLAPS", "two boxes overlap", INDEPENDENT),
    _spatial("NEAR", "two boxes near each other", INDEPENDENT),
    _structural("CALLS", "code calls code", loops=True),
    _structural("IMPORTS", "code imports code"),
    _structural("CONTAINS", "code contains code"),
    _structural("INHERITS", "a class inherits from a class"),
    _counted(
        "DESCRIBES_EVIDENCE",
        "DESCRIBES",
        "text describes code",
        (TEXTS, CODE),
        INDEPENDENT,
        STATED,
    ),
    _counted(
        "EXPRESSION_EVIDENCE",
        "EXPRESSED_BY",
        "a word of docstrings, and a word of the names in the code that they describe",
        (frozenset({TOKEN}), frozenset({TOKEN})),
        INDEPENDENT,
        STATED,
    ),
    EvidenceType(
        "JUDGEMENT_EVIDENCE",
        "RELATES",
        "a person accepts or rejects that two are related",
        EVERYTHING,
        EVERYTHING,
        (*COUNTED, SUPPORT, *JUDGED.columns),
        JUDGED,
        trust=UNCOMPARED,
    ),
    _compared("WORD_EVIDENCE", "k nearest neighbours among words and phrases run through a model"),
)

EVIDENCE: tuple[EvidenceType, ...] = (
    *OBSERVED,
    *(_judged(rated, OBSERVED) for rated in RATED if rated.name != DEFAULT_RELATION),
)
