// Restore the edges of contexts to those without their oldest token.
// in:  $starts LIST<INTEGER>, $ends LIST<INTEGER>
// out: joined INTEGER
UNWIND range(0, size($starts) - 1) AS i
MATCH (a:Composition) WHERE id(a) = $starts[i]
MATCH (b:Composition) WHERE id(b) = $ends[i]
MERGE (a)-[:BACKS_OFF_TO]->(b)
RETURN count(*) AS joined
