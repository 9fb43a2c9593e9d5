// What one source judged of a type: the ends of each pair, and how often it accepted and rejected it.
// in:  $source STRING
// out: start INTEGER, end INTEGER, n INTEGER, against INTEGER
MATCH (a)-[e:EVIDENCE_TYPE {source: $source}]->(b)
RETURN id(a) AS start, id(b) AS end, e.n AS n, e.against AS against
