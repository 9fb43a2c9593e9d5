// The compositions a source's track knows: those it has at least one row with.
// in:  $source STRING
// out: id INTEGER
MATCH (c:Composition)
WHERE EXISTS { (c)-[:EVIDENCE_TYPE {source: $source}]-() }
RETURN id(c) AS id
