// The evidence of one track at some compositions, one row per composition, as columns.
// in:  $keys LIST<STRING>, $source STRING
// out: key STRING, others LIST<INTEGER>, supports LIST<INTEGER>, times LIST<INTEGER>
UNWIND $keys AS key
MATCH (c:Composition {key: key})
OPTIONAL MATCH (c)-[e:EVIDENCE_TYPE {source: $source}]-(d)
WHERE e.support IS NOT NULL
RETURN key, collect(id(d)) AS others, collect(e.support) AS supports,
       collect(e.n) AS times
