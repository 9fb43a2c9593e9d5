// The cheapest rated edge between consecutive compositions of a path.
// in:  $pairs LIST OF [id, id], $above INTEGER, $min_sources INTEGER, $undirected LIST<STRING>, $pieces BOOLEAN
// out: i INTEGER, start STRING, end STRING, type STRING, rating INTEGER, cost INTEGER, times INTEGER, sources LIST<STRING>
CALL () {
  MATCH (s:Source {state: 'live'})-[:HAS_TRACK]->(t:Track)
  WITH s.name AS name, min(t.number) AS number ORDER BY name
  RETURN collect([number, name]) AS voices
}
UNWIND range(0, size($pairs) - 1) AS i
MATCH (c:Composition) WHERE id(c) = $pairs[i][0]
MATCH (d:Composition) WHERE id(d) = $pairs[i][1]
CALL (c, d) {
  MATCH (c)-[r:RATED_TYPES]-(d)
  WHERE (startNode(r) = c OR type(r) IN $undirected) AND coalesce(r.consensus, r.elo) > $above
    AND r.sources >= $min_sources AND ($pieces OR NOT (c:FRAGMENT_KINDS OR d:FRAGMENT_KINDS))
  RETURN r, coalesce(r.consensus, toInteger(round(r.elo))) AS rating,
         r.cost AS cost
  ORDER BY cost, BY_STRENGTH(r), type(r)
  LIMIT 1
}
RETURN i, c.text AS start, d.text AS end, type(r) AS type, rating, cost, r.n AS times,
       [voice IN voices WHERE voice[0] IN r.seen | voice[1]] AS sources
ORDER BY i
