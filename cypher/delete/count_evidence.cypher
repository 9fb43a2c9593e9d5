// How much evidence of one type a source has in the graph.
// in:  $source STRING
// out: rows INTEGER
MATCH ()-[e:EVIDENCE_TYPE {source: $source}]->()
RETURN count(e) AS rows
