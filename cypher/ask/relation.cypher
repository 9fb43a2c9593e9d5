// The rated edge between two words, with every term of its elo and its consensus.
// in:  $start STRING, $end STRING
// out: start STRING, end STRING, elo FLOAT, consensus INTEGER, decades INTEGER, times INTEGER, weight INTEGER, sources INTEGER, elo_base FLOAT, elo_observations FLOAT, elo_similarity FLOAT, elo_diversity FLOAT
// procedure: relation(start::STRING, end::STRING)
CALL () {
  MATCH (c:Composition {folded: normalize(toLower($start))})
  RETURN c ORDER BY c.text = normalize($start) DESC, c.kind DESC, c.text LIMIT 1
}
CALL () {
  MATCH (d:Composition {folded: normalize(toLower($end))})
  RETURN d ORDER BY d.text = normalize($end) DESC, d.kind DESC, d.text LIMIT 1
}
MATCH (c)-[r:RELATES]-(d)
RETURN c.text AS start, d.text AS end, r.elo AS elo, r.consensus AS consensus,
       r.decades AS decades, r.n AS times, r.weight AS weight, r.sources AS sources,
       1500.0 AS elo_base,
       CASE WHEN 0.1 * r.n < 1000.0 THEN 0.1 * r.n ELSE 1000.0 END AS elo_observations,
       500.0 * (r.weight / 1e6 / r.n) AS elo_similarity,
       CASE WHEN 20 * r.sources < 200 THEN 20.0 * r.sources ELSE 200.0 END AS elo_diversity
