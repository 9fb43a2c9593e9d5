// Visits to contexts that are missing, or whose mass and next-token evidence do not add up to their number.
// in:  $source STRING, $top INTEGER
// out: text STRING, n INTEGER, mass INTEGER, stored INTEGER, times INTEGER
MATCH (s:Source {name: $source})
CALL (s) {
  MATCH (s)-[v:VISITED]->(c)
  RETURN c, v
  UNION
  MATCH (c:Composition)-[:CONTEXT_EVIDENCE {source: $source}]->()
  WHERE NOT EXISTS { (s)-[:VISITED]->(c) }
  RETURN DISTINCT c, null AS v
}
WITH s, c, v, COUNT { (s)-[:VISITED]->(c) } AS times
OPTIONAL MATCH (c)-[e:CONTEXT_EVIDENCE {source: $source}]->()
WITH c, v, times, sum(e.weight) AS stored
WHERE times <> 1 OR v.n IS NULL OR v.mass IS NULL OR stored + v.mass <> 1000000 * v.n
RETURN c.text AS text, v.n AS n, v.mass AS mass, stored, times
ORDER BY text
LIMIT $top
