"""The one vocabulary of the graph: labels, types and properties, each with its meaning.

Evidence types end in `_EVIDENCE` and carry `source`; rated types do not and carry `elo`.
A kind, an evidence type or a rated type is one record in one list; columns, checks, Cypher
fragments, indexes, the canonical export and the data model reference derive from it.
Importers choose from the lists and may not invent names.
"""

from hartonomous.schema.evidence_catalogue import COMPARED, COUNTED, MICRO, SOURCE
from hartonomous.schema.kind_catalogue import (
    ANYTHING,
    CONTEXT,
    KINDS,
    ORDERS,
    PIECE,
    SENTENCE,
    TOKEN,
)
from hartonomous.schema.node_labels import (
    AGREEMENT_PROPERTIES,
    AGREES_WITH,
    HAS_TRACK,
    HAS_WORD,
    LOG_ACTS,
    NEXT,
    NODES,
    PHRASE,
    STRUCTURE,
    UNRATED,
    VISIT_PROPERTIES,
    VISITED,
)
from hartonomous.schema.rating_catalogue import (
    CONSENSUS_PROPERTIES,
    DEFAULT_RELATION,
    FORMULA_VERSION,
    RATED_PROPERTIES,
)
from hartonomous.schema.record_classes import (
    Column,
    EvidenceType,
    Kind,
    NodeLabel,
    Property,
    RatedType,
)
from hartonomous.schema.registry import (
    context_evidence,
    evidence_columns,
    evidence_feeding,
    evidence_type,
    evidence_types,
    extended,
    faults,
    find_kind,
    generation,
    is_directed,
    is_evidence,
    kind_of,
    kinds,
    rated_type,
    rated_types,
)

__all__ = [
    "AGREEMENT_PROPERTIES",
    "AGREES_WITH",
    "ANYTHING",
    "COMPARED",
    "CONSENSUS_PROPERTIES",
    "CONTEXT",
    "COUNTED",
    "DEFAULT_RELATION",
    "FORMULA_VERSION",
    "HAS_TRACK",
    "HAS_WORD",
    "KINDS",
    "LOG_ACTS",
    "MICRO",
    "NEXT",
    "NODES",
    "ORDERS",
    "PHRASE",
    "PIECE",
    "RATED_PROPERTIES",
    "SENTENCE",
    "SOURCE",
    "STRUCTURE",
    "TOKEN",
    "UNRATED",
    "VISITED",
    "VISIT_PROPERTIES",
    "Column",
    "EvidenceType",
    "Kind",
    "NodeLabel",
    "Property",
    "RatedType",
    "context_evidence",
    "evidence_columns",
    "evidence_feeding",
    "evidence_type",
    "evidence_types",
    "extended",
    "faults",
    "find_kind",
    "generation",
    "is_directed",
    "is_evidence",
    "kind_of",
    "kinds",
    "rated_type",
    "rated_types",
]
