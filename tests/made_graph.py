"""Small rated graphs with known answers, written as a rating pass would have left them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from hartonomous.graph.driver import Graph
from hartonomous.identity import composition_key
from hartonomous.rate.formulas import consensus, cost
from hartonomous.schema import FORMULA_VERSION

_WORDS = """
UNWIND $words AS word
MERGE (c:Composition:Token {key: word.key})
SET c.text = word.text, c.folded = normalize(toLower(word.text)), c.kind = 'Token', c.known = '1+2'
"""
_PAIRS = """
UNWIND $pairs AS pair
MATCH (a:Composition {key: pair.low}) MATCH (b:Composition {key: pair.high})
CREATE (a)-[:RELATES {elo: 1700.0, n: 1, weight: 500000, sources: size(pair.seen), seen: pair.seen,
                      decades: pair.decades, consensus: pair.consensus, cost: pair.cost}]->(b)
"""
_SOURCES = """
UNWIND $names AS name
CREATE (s:Source {name: name, state: 'live', kind: 'model', created: datetime()})
CREATE (s)-[:HAS_TRACK]->(:Track {source: name, evidence: 'EMBEDDING_EVIDENCE',
  number: 1 + toInteger(last(split(name, '-'))), vote: 1000000, absent: -500, rows: 1, digest: [0, 0, 0, 0]})
"""
_DIRECTED = """
UNWIND $pairs AS pair
MATCH (a:Composition {key: pair.start}) MATCH (b:Composition {key: pair.end})
CREATE (a)-[:PRECEDES {elo: pair.elo, n: 1, weight: 500000, sources: 1, seen: [1],
                       decades: pair.decades, consensus: pair.consensus, cost: pair.cost}]->(b)
"""

SOURCE = "made-0"
OTHER = "made-1"


def key(word: str) -> str:
    return composition_key("Token", word)


def make(
    graph: Graph,
    pairs: Mapping[str, int],
    alone: Iterable[str] = (),
    by_other: Iterable[str] = (),
    precedes: Mapping[str, float] | None = None,
) -> Graph:
    """Fill an empty graph: pairs "a b" with their decades, words without any, pairs of OTHER only.

    `precedes` are directed pairs with their elo, which is their consensus too.
    """
    precedes = precedes or {}
    words = {word for pair in (*pairs, *precedes) for word in pair.split()} | set(alone)
    graph.write(_WORDS, words=[{"key": key(word), "text": word} for word in sorted(words)])
    graph.write(_SOURCES, names=[SOURCE, OTHER])
    graph.write(
        _PAIRS,
        pairs=[
            dict(zip(("low", "high"), sorted(map(key, pair.split())), strict=True))
            | {"decades": d, "consensus": consensus(d), "cost": cost(d)}
            | {"seen": [2] if pair in set(by_other) else [1]}
            for pair, d in pairs.items()
        ],
    )
    graph.write(
        _DIRECTED,
        pairs=[
            dict(zip(("start", "end"), map(key, pair.split()), strict=True))
            | {"elo": elo, "decades": d, "consensus": consensus(d), "cost": cost(d)}
            for pair, elo, d in (
                (one, elo, int(2.5 * (elo - 1500))) for one, elo in precedes.items()
            )
        ],
    )
    graph.write(
        "MATCH (g:State) SET g.settled = true, g.epoch = g.epoch + 1, g.formula = $formula",
        formula=FORMULA_VERSION,
    )
    return graph
