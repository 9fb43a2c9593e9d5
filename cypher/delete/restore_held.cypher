// Restore those of some places of a source that are missing.
// in:  $source STRING, $ids LIST<INTEGER>, $places LIST<STRING>
// out: i INTEGER
MATCH (s:Source {name: $source})
UNWIND range(0, size($ids) - 1) AS i
MATCH (c:Composition) WHERE id(c) = $ids[i]
  AND NOT EXISTS { (s)-[:HOLDS {place: $places[i]}]->(c) }
CREATE (s)-[:HOLDS {place: $places[i]}]->(c)
RETURN i
