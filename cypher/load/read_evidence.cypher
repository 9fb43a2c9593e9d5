// The evidence that starts at some compositions, sorted; one row per start, its edges as columns.
// in:  $keys LIST<STRING>
// out: start STRING, types LIST<STRING>, ends LIST<STRING>, sources LIST<STRING>, scalars LIST OF LIST, lists LIST OF LIST
UNWIND $keys AS key
MATCH (a:Composition {key: key})-[e:EVIDENCE_TYPES]->(b)
WITH key, e, type(e) AS type, b.key AS end
ORDER BY key, type, end, e.source
RETURN key AS start, collect(type) AS types, collect(end) AS ends, collect(e.source) AS sources,
       collect([SCALAR_COLUMNS]) AS scalars, collect([LIST_COLUMNS]) AS lists
ORDER BY start
