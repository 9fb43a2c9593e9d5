// What followed some tokens and contexts, over some sources; what none of these visited is left out.
// in:  $keys LIST<STRING>, $sources LIST<STRING>
// out: key STRING, n INTEGER, ends LIST<INTEGER>, weights LIST<INTEGER>
UNWIND $keys AS key
MATCH (c:Composition {key: key})
CALL (c) {
  MATCH (c)<-[v:VISITED]-(s:Source)
  WHERE s.name IN $sources
  RETURN sum(v.n) AS n
}
WITH c, n
WHERE n > 0
CALL (c) {
  MATCH (c)-[e:NEXT_EVIDENCE]->(b)
  WHERE e.source IN $sources
  WITH id(b) AS end, sum(e.weight) AS weight
  RETURN collect(end) AS ends, collect(weight) AS weights
}
RETURN c.key AS key, n, ends, weights
