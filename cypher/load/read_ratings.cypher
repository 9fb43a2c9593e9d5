// The rated edges that start at some compositions, sorted; one row per start, its edges as columns.
// in:  $keys LIST<STRING>
// out: start STRING, ends LIST<STRING>, counts LIST OF [n, weight, sources, decades, consensus], elos LIST<FLOAT>
UNWIND $keys AS key
MATCH (a:Composition {key: key})-[r:RATED_TYPE]->(b)
WITH key, r, b.key AS end
ORDER BY key, end
RETURN key AS start, collect(end) AS ends,
       collect([r.n, r.weight, r.sources, r.decades, r.consensus]) AS counts,
       collect(r.elo) AS elos
ORDER BY start
