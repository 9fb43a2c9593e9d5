// The number of evidence edges of one type between some pairs, each by its source.
// in:  $starts LIST<STRING>, $ends LIST<STRING>, $sources LIST<STRING>
// out: rows INTEGER
UNWIND range(0, size($starts) - 1) AS i
MATCH (a:Composition {key: $starts[i]})-[e:EVIDENCE_TYPE]->(b:Composition {key: $ends[i]})
WHERE e.source = $sources[i]
RETURN count(e) AS rows
