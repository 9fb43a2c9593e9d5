// Delete relations that lose their last evidence.
// in:  $edges LIST<INTEGER>, $starts LIST<INTEGER>, $ends LIST<INTEGER>
// out: deleted INTEGER
UNWIND range(0, size($edges) - 1) AS i
MATCH (a)-[r:RATED_TYPE]->(b)
WHERE id(r) = $edges[i] AND id(a) = $starts[i] AND id(b) = $ends[i]
DELETE r
RETURN count(*) AS deleted
