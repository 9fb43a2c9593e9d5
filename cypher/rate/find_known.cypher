// The compositions that a source's tracks know: those with at least one row.
// in:  $source STRING
// out: id INTEGER
MATCH (c:Composition)
WHERE EXISTS { (c)-[:EVIDENCE_TYPE {source: $source}]-() }
RETURN id(c) AS id
