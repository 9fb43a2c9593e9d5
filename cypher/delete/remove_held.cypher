// Delete places of one source.
// in:  $source STRING, $ids LIST<INTEGER>, $places LIST<STRING>
// out: deleted INTEGER
MATCH (s:Source {name: $source})
UNWIND range(0, size($ids) - 1) AS i
MATCH (c:Composition) WHERE id(c) = $ids[i]
MATCH (s)-[h:HOLDS {place: $places[i]}]->(c)
DELETE h
RETURN count(*) AS deleted
