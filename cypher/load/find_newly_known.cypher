// Starts of rated edges to compositions on the work list that a track knows since its rows changed, or knows no more.
// in:  $source STRING, $number INTEGER or null
// out: id INTEGER
MATCH (c:Unrated)
WITH c, EXISTS { (c)-[:EVIDENCE_TYPE {source: $source}]-() } AS knows,
     coalesce(toString($number) IN split(coalesce(c.known, ''), '+'), false) AS knew
WHERE knows <> knew
MATCH (a)-[:RATED_TYPE]->(c)
RETURN DISTINCT id(a) AS id
