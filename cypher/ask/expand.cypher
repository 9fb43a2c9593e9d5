// The highest rated pairs of some compositions, best first.
// in:  $ids LIST<INTEGER>, $breadth INTEGER, $above INTEGER, $min_sources INTEGER, $undirected LIST<STRING>, $pieces BOOLEAN, $numbers LIST<INTEGER>
// out: id INTEGER, other INTEGER, key STRING, text STRING, kind STRING, rating INTEGER, cost INTEGER
UNWIND $ids AS id
MATCH (c:Composition) WHERE id(c) = id
CALL (c) {
  MATCH (c)-[r:RATED_TYPES]-(d:Composition)
  WHERE (startNode(r) = c OR type(r) IN $undirected) AND coalesce(r.consensus, r.elo) > $above
    AND r.sources >= $min_sources AND NOT d:UNCONNECTED_KINDS AND ($pieces OR NOT d:FRAGMENT_KINDS)
    AND ($numbers IS NULL OR any(number IN $numbers WHERE number IN r.seen))
  WITH d, max(coalesce(r.consensus, toInteger(round(r.elo)))) AS rating,
       min([r.cost, -r.elo]) AS strength
  ORDER BY strength, d.key
  LIMIT $breadth
  RETURN d, rating, strength
}
RETURN id, id(d) AS other, d.key AS key, d.text AS text, d.kind AS kind, rating, strength[0] AS cost
ORDER BY id, strength, key
