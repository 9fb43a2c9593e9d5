// Create one batch of the places at which a source has compositions.
// in:  $source STRING, $ids LIST<INTEGER>, $places LIST<STRING>
// out: created INTEGER
MATCH (s:Source {name: $source})
UNWIND range(0, size($ids) - 1) AS i
MATCH (c:Composition) WHERE id(c) = $ids[i]
CREATE (s)-[:HOLDS {place: $places[i]}]->(c)
RETURN count(*) AS created
