// Odds of a type from one word to another, by every track that has a row of them or whose silence speaks, and the ratings without its source.
// in:  $start STRING, $end STRING, $type STRING
// out: source STRING, evidence STRING, observed BOOLEAN, times INTEGER, directed INTEGER, weight INTEGER, against INTEGER, rank INTEGER, positions LIST<STRING>, examined INTEGER, support INTEGER, vote INTEGER, divisor INTEGER, share INTEGER, elo_without FLOAT, consensus_without INTEGER
// drawn: start_node NODE, relation RELATIONSHIP, end_node NODE, evidence_edge RELATIONSHIP
// procedure: explain(start::STRING, end::STRING, type = RELATES::STRING)
// example: explain('king', 'queen')
CALL () {
  FIND_WORD(c, $start)
}
CALL () {
  FIND_WORD(d, $end)
}
MATCH (c)-[r:RATED_TYPES]-(d)
WHERE type(r) = $type AND (r:UNDIRECTED_TYPES OR startNode(r) = c)
// Evidence runs as what it feeds does, also from a composition to itself.
WITH r, startNode(r) AS c, endNode(r) AS d
WITH r, c, d,
     [number IN split(c.known, '+') WHERE number <> '' AND number IN split(d.known, '+')] AS both
CALL (c, d) {
  MATCH (c)-[e:EVIDENCE_TYPES]->(d)
  WHERE FEEDS[type(e)] = $type
  RETURN collect(e {.*, type: type(e), edge: e}) AS edges
}
MATCH (s:Source {state: 'live'})-[:HAS_TRACK]->(t:Track)
WHERE FEEDS[t.evidence] = $type
WITH r, c, d, t, both, head([e IN edges WHERE e.source = t.source AND e.type = t.evidence]) AS e
WHERE e IS NOT NULL OR t.trust > 0 AND toString(t.number) IN both
// What an earlier version counted has no odds: it changes elo alone. A judgement adds to the odds and
// not to the votes; a rejection adds at most 0.
WITH r, c, d, t, e, CASE WHEN e IS NULL THEN t.absent ELSE e.support END AS support
WITH r, c, d, t, e, support,
     CASE WHEN t.vote < 0 AND support < 0 THEN 0 ELSE t.vote * coalesce(support, 0) END AS said
WITH r, c, d, collect({
  edge: e.edge, source: t.source, evidence: t.evidence, observed: e IS NOT NULL, vote: t.vote,
  counts: CASE WHEN e.against IS NULL AND support IS NOT NULL THEN t.vote ELSE 0 END,
  support: support, said: said, n: coalesce(e.n, 0), weight: coalesce(e.weight, 0),
  against: coalesce(e.against, 0), directed: coalesce(e.directed, 0), rank: coalesce(e.rank, 0),
  examined: t.positions, positions: [place IN coalesce(e.positions, []) | t.names[place]]
}) AS terms
UNWIND terms AS term
WITH r, c, d, terms, term, [other IN terms WHERE other.source <> term.source] AS others
WITH r, c, d, terms, term, [other IN others WHERE other.observed] AS seen,
     reduce(sum = 0, other IN others | sum + other.said) AS gained,
     reduce(sum = 2000000, other IN others | sum + other.counts) AS trusted,
     reduce(sum = 2000000, other IN terms | sum + other.counts) AS all_trusted
WITH r, c, d, term, gained, trusted, all_trusted, seen,
     reduce(sum = 0, other IN seen | sum + other.n) AS n,
     reduce(sum = 0, other IN seen | sum + other.weight) AS weight,
     reduce(sum = 0, other IN seen | sum + other.against) AS against,
     reduce(names = [], other IN seen | CASE WHEN other.n = 0 OR other.source IN names
       THEN names ELSE names + other.source END) AS sources
RETURN term.source AS source, term.evidence AS evidence, term.observed AS observed,
       term.n AS times, term.directed AS directed,
       MILLIONTHS(term.weight, 4) AS weight,
       term.against AS against, THOUSANDTHS(term.rank, 3) AS rank,
       term.positions AS positions, term.examined AS examined,
       THOUSANDTHS(term.support, 3) AS support, MILLIONTHS(term.vote, 4) AS vote,
       MILLIONTHS(term.counts, 4) AS divisor,
       THOUSANDTHS(toInteger(round(1.0 * term.said / all_trusted)), 3)
         AS share,
       ROUNDED(CASE WHEN n = 0 THEN null ELSE
         1500.0 + CASE WHEN 0.1 * n < 1000.0 THEN 0.1 * n ELSE 1000.0 END
         + 500.0 * (weight / 1e6 / (n + against))
         + CASE WHEN 20 * size(sources) < 200 THEN 20 * size(sources) ELSE 200 END
       END, 1) AS elo_without,
       CASE WHEN n = 0 THEN null ELSE
         1500 + toInteger(floor(
           0.4 * toInteger(floor((2.0 * gained + trusted) / (2 * trusted))) + 0.5))
       END AS consensus_without,
       DRAWN(c AS start_node, r AS relation, d AS end_node, term.edge AS evidence_edge)
ORDER BY term.said DESC, source, evidence
