// Delete visits of one source to some compositions.
// in:  $source STRING, $contexts LIST<INTEGER>
// out: deleted INTEGER
MATCH (s:Source {name: $source})
UNWIND $contexts AS id
MATCH (c:Composition) WHERE id(c) = id
MATCH (s)-[v:VISITED]->(c)
DELETE v
RETURN count(*) AS deleted
