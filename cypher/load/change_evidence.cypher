// Set the columns of evidence edges by database id, each only if it is the expected one.
// in:  $source STRING, $edges LIST<INTEGER>, $starts LIST<INTEGER>, $ends LIST<INTEGER>, $columns MAP OF column TO LIST
// out: changed INTEGER
UNWIND range(0, size($edges) - 1) AS i
MATCH (a)-[e:EVIDENCE_TYPE]->(b)
WHERE id(e) = $edges[i]
// Apart from the MATCH, or every row would be looked up among all edges of its source.
WITH i, a, b, e
WHERE id(a) = $starts[i] AND id(b) = $ends[i] AND e.source = $source
SET e += {NEW_COLUMNS($columns, i)}
RETURN count(*) AS changed
