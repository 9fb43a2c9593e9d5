// Each source's counts of one token after some tokens and contexts.
// in:  $keys LIST<STRING>, $token STRING, $sources LIST<STRING>
// out: key STRING, names LIST<STRING>, weights LIST<INTEGER>
MATCH (b:Composition {key: $token})
UNWIND $keys AS key
MATCH (c:Composition {key: key})-[e:CONTEXT_EVIDENCE]->(b)
WHERE e.source IN $sources
RETURN key, collect(e.source) AS names, collect(e.weight) AS weights
