// The continuations of some tokens and contexts, by some sources; with $extended, also the keys of tokens that extend them to contexts visited by these sources.
// in:  $keys LIST<STRING>, $sources LIST<STRING>, $extended BOOLEAN
// out: key STRING, n INTEGER, ends LIST<INTEGER>, weights LIST<INTEGER>, tokens LIST<STRING>
UNWIND $keys AS key
MATCH (c:Composition {key: key})
CALL (c) {
  MATCH (c)<-[v:VISITED]-(s:Source)
  WHERE s.name IN $sources
  RETURN sum(v.n) AS n
}
CALL (c, n) {
  WITH c, n WHERE n > 0
  MATCH (c)-[e:CONTEXT_EVIDENCE]->(b)
  WHERE e.source IN $sources
  WITH id(b) AS end, sum(e.weight) AS weight
  RETURN collect(end) AS ends, collect(weight) AS weights
}
CALL (c) {
  WITH c WHERE $extended
  MATCH (c)-[x:EXTENDS_TO]->(d)
  WHERE EXISTS { (d)<-[:VISITED]-(s:Source) WHERE s.name IN $sources }
  RETURN collect(x.token) AS tokens
}
RETURN c.key AS key, n, ends, weights, tokens
