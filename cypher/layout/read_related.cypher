// The compositions with any relation, each with its neighbours above even odds, as columns.
// in:
// out: id INTEGER, key STRING, ends LIST<INTEGER>, decades LIST<INTEGER>
MATCH (a:Composition)
WHERE EXISTS { (a)-[:RATED_TYPE]-() }
CALL (a) {
  OPTIONAL MATCH (a)-[r:RATED_TYPE]->(b)
  WHERE r.decades > 0
  RETURN collect(id(b)) AS ends, collect(r.decades) AS decades
}
RETURN id(a) AS id, a.key AS key, ends, decades
