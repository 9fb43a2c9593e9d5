// Restore visits of a source.
// in:  $source STRING, $ids LIST<INTEGER>, $n LIST<INTEGER>, $masses LIST<INTEGER>
// out: created INTEGER
MATCH (s:Source {name: $source})
UNWIND range(0, size($ids) - 1) AS i
MATCH (c:Composition) WHERE id(c) = $ids[i]
CREATE (s)-[:VISITED {n: $n[i], mass: $masses[i]}]->(c)
RETURN count(*) AS created
