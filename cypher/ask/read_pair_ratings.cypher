// The rated edges between the compositions of each pair, in both directions.
// in:  $starts LIST<INTEGER>, $ends LIST<INTEGER>
// out: i INTEGER, type STRING, forward BOOLEAN, elo FLOAT, consensus INTEGER
UNWIND range(0, size($starts) - 1) AS i
MATCH (a:Composition) WHERE id(a) = $starts[i]
MATCH (b:Composition) WHERE id(b) = $ends[i]
MATCH (a)-[r:RATED_TYPES]-(b)
RETURN i, type(r) AS type, startNode(r) = a AS forward, r.elo AS elo, r.consensus AS consensus
ORDER BY i, type
