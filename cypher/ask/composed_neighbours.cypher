// The strongest relations of several compositions taken as one: the mean of their odds by weight, times the weight of those related.
// in:  $keys LIST<STRING>, $weights LIST<FLOAT>, $top INTEGER, $source STRING, $min_sources INTEGER, $pieces BOOLEAN
// out: neighbour STRING, kind STRING, consensus INTEGER, elo FLOAT, sources INTEGER, times INTEGER, similarity FLOAT, type STRING, direction STRING
CALL () {
  MATCH (:Source {name: $source, state: 'live'})-[:HAS_TRACK]->(t:Track)
  RETURN min(t.number) AS number
}
UNWIND range(0, size($keys) - 1) AS i
MATCH (c:Composition {key: $keys[i]})
MATCH (c)-[r:RATED_TYPES]-(d)
WHERE NOT d.key IN $keys AND r.sources >= $min_sources AND ($pieces OR NOT d:FRAGMENT_KINDS)
  AND ($source IS NULL OR number IN r.seen)
WITH d, type(r) AS type,
     CASE WHEN r:UNDIRECTED_TYPES THEN 'none' WHEN startNode(r) = c THEN 'out' ELSE 'in' END AS direction,
     1500 + toInteger(floor(0.4 * sum($weights[i] * r.decades) * sum($weights[i]) + 0.5)) AS consensus,
     1500 + sum($weights[i] * (r.elo - 1500)) * sum($weights[i]) AS elo, sum(r.n) AS times, sum(r.weight) AS weight,
     reduce(all = [], one IN collect(r.seen) | all + [n IN one WHERE NOT n IN all]) AS seen
ORDER BY consensus DESC, elo DESC, d.key, type, direction
LIMIT $top
RETURN d.text AS neighbour, d.kind AS kind, consensus, elo, size(seen) AS sources, times, weight / 1e6 / times AS similarity, type, direction
