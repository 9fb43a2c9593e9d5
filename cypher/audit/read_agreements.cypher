// The recorded agreement of sources, one row per edge.
// in:
// out: low STRING, high STRING, said MAP
MATCH (a:Source)-[g:AGREES_WITH]->(b:Source)
RETURN a.name AS low, b.name AS high, properties(g) AS said
ORDER BY low, high
