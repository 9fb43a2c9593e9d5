// The compositions that any of some sources knows by evidence of one type.
// in:  $sources LIST<STRING>
// out: id INTEGER
UNWIND $sources AS source
MATCH (c:Composition)
WHERE EXISTS { (c)-[:EVIDENCE_TYPE {source: source}]-() }
RETURN DISTINCT id(c) AS id
