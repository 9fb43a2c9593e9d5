// The number of one source's evidence edges of one type.
// in:  $source STRING
// out: rows INTEGER
MATCH ()-[e:EVIDENCE_TYPE {source: $source}]->()
RETURN count(e) AS rows
