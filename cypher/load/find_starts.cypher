// The compositions at which evidence of one type of a source starts.
// in:  $source STRING
// out: id INTEGER
MATCH (a)-[:EVIDENCE_TYPE {source: $source}]->()
RETURN DISTINCT id(a) AS id
