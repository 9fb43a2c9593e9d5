// Starts of rated edges whose end is known to a track that its class does not name.
// in:  $ids LIST<INTEGER>, $numbers MAP OF evidence type TO MAP OF source TO INTEGER
// out: id INTEGER
UNWIND $ids AS id
MATCH (c:Composition) WHERE id(c) = id
MATCH (c)-[e:SILENT_EVIDENCE]-()
WITH DISTINCT c, $numbers[type(e)][e.source] AS number
WHERE number IS NOT NULL
  AND NOT toString(number) IN split(coalesce(c.known, ''), '+')
WITH DISTINCT c
MATCH (a)-[:RATED_TYPE]->(c)
RETURN DISTINCT id(a) AS id
