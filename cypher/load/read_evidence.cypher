// The evidence that starts at some compositions, sorted; one row per start, its edges as columns.
// in:  $keys LIST<STRING>
// out: start STRING, types LIST<STRING>, ends LIST<STRING>, sources LIST<STRING>, counts LIST OF [n, weight, directed, rank, support], positions LIST OF LIST<INTEGER>
UNWIND $keys AS key
MATCH (a:Composition {key: key})-[e:EVIDENCE_TYPES]->(b)
WITH key, e, type(e) AS type, b.key AS end
ORDER BY key, type, end, e.source
RETURN key AS start, collect(type) AS types, collect(end) AS ends, collect(e.source) AS sources,
       collect([e.n, e.weight, e.directed, e.rank, e.support]) AS counts,
       collect(coalesce(e.positions, [])) AS positions
ORDER BY start
