// Compositions on the work list that a track knows since its rows changed, or knows no more, and the starts of rated edges to them.
// in:  $source STRING, $number INTEGER or null
// out: id INTEGER
MATCH (c:Unrated)
WITH c, EXISTS { (c)-[:EVIDENCE_TYPE {source: $source}]-() } AS knows,
     coalesce(toString($number) IN split(coalesce(c.known, ''), '+'), false) AS knew
WHERE knows <> knew
OPTIONAL MATCH (a)-[:RATED_TYPE]->(c)
UNWIND [id(a), id(c)] AS id
WITH id WHERE id IS NOT NULL
RETURN DISTINCT id
