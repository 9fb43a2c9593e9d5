// What one source judged of a type, with both compositions of each pair.
// in:  $source STRING
// out: start LIST<STRING>, end LIST<STRING>, n INTEGER, against INTEGER
MATCH (a)-[e:EVIDENCE_TYPE {source: $source}]->(b)
RETURN [a.key, a.text, a.kind] AS start, [b.key, b.text, b.kind] AS end, e.n AS n, e.against AS against
