// The rated edge of a type from one word to another, with every term of its elo and its consensus.
// in:  $start STRING, $end STRING, $type STRING
// out: start STRING, end STRING, type STRING, elo FLOAT, consensus INTEGER, decades INTEGER, times INTEGER, against INTEGER, weight INTEGER, sources INTEGER, elo_base FLOAT, elo_observations FLOAT, elo_similarity FLOAT, elo_diversity FLOAT
// drawn: start_node NODE, relation RELATIONSHIP, end_node NODE
// procedure: relation(start::STRING, end::STRING, type = RELATES::STRING)
// example: relation('king', 'queen')
CALL () {
  FIND_WORD(c, $start)
}
CALL () {
  FIND_WORD(d, $end)
}
MATCH (c)-[r:RATED_TYPES]-(d)
WHERE type(r) = $type AND (r:UNDIRECTED_TYPES OR startNode(r) = c)
RETURN c.text AS start, d.text AS end, type(r) AS type, ROUNDED(r.elo, 1) AS elo, r.consensus AS consensus,
       THOUSANDTHS(r.decades, 3) AS decades, r.n AS times, coalesce(r.against, 0) AS against, MILLIONTHS(r.weight, 4) AS weight,
       r.sources AS sources, 1500.0 AS elo_base,
       ROUNDED(CASE WHEN 0.1 * r.n < 1000.0 THEN 0.1 * r.n ELSE 1000.0 END, 1) AS elo_observations,
       ROUNDED(500.0 * (r.weight / 1e6 / (r.n + coalesce(r.against, 0))), 1) AS elo_similarity,
       CASE WHEN 20 * r.sources < 200 THEN 20.0 * r.sources ELSE 200.0 END AS elo_diversity,
       DRAWN(c AS start_node, r AS relation, d AS end_node)
