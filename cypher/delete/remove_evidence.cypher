// Delete evidence edges by database id, each only if it is the expected one.
// in:  $edges LIST<INTEGER>, $starts LIST<INTEGER>, $ends LIST<INTEGER>, $sources LIST<STRING>
// out: deleted INTEGER
UNWIND range(0, size($edges) - 1) AS i
MATCH (a)-[e:EVIDENCE_TYPE]->(b)
WHERE id(e) = $edges[i]
// Apart from the MATCH, or every row would be looked up among all edges of its source.
WITH i, a, b, e
WHERE id(a) = $starts[i] AND id(b) = $ends[i] AND e.source = $sources[i]
DELETE e
RETURN count(*) AS deleted
