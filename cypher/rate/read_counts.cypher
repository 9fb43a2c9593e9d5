// One source's evidence of one type, by what its odds against chance follow from.
// in:  $source STRING
// out: edge INTEGER, start INTEGER, end INTEGER, n INTEGER, weight INTEGER, half INTEGER
MATCH (a)-[e:EVIDENCE_TYPE {source: $source}]->(b)
RETURN id(e) AS edge, id(a) AS start, id(b) AS end, e.n AS n, e.weight AS weight,
       coalesce(e.half, 0) AS half
