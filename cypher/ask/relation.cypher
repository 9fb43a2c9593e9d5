// The rated edge of a type from one word to another, with every term of its elo and its consensus.
// in:  $start STRING, $end STRING, $type STRING
// out: start STRING, end STRING, type STRING, elo FLOAT, consensus INTEGER, decades INTEGER, times INTEGER, against INTEGER, weight INTEGER, sources INTEGER, elo_base FLOAT, elo_observations FLOAT, elo_similarity FLOAT, elo_diversity FLOAT
// procedure: relation(start::STRING, end::STRING, type = RELATES::STRING)
CALL () {
  FIND_WORD(c, $start)
}
CALL () {
  FIND_WORD(d, $end)
}
MATCH (c)-[r:RATED_TYPES]-(d)
WHERE type(r) = $type AND (r:UNDIRECTED_TYPES OR startNode(r) = c)
RETURN c.text AS start, d.text AS end, type(r) AS type, r.elo AS elo, r.consensus AS consensus,
       r.decades AS decades, r.n AS times, coalesce(r.against, 0) AS against, r.weight AS weight,
       r.sources AS sources, 1500.0 AS elo_base,
       CASE WHEN 0.1 * r.n < 1000.0 THEN 0.1 * r.n ELSE 1000.0 END AS elo_observations,
       500.0 * (r.weight / 1e6 / (r.n + coalesce(r.against, 0))) AS elo_similarity,
       CASE WHEN 20 * r.sources < 200 THEN 20.0 * r.sources ELSE 200.0 END AS elo_diversity
