// Create one batch of a source's visits to contexts, and the edges from each context to shorter ones.
// in:  $source STRING, $ids LIST<INTEGER>, $n LIST<INTEGER>, $masses LIST<INTEGER>, $prefixes LIST<INTEGER>, $suffixes LIST<INTEGER>, $tokens LIST<STRING>
// out: created INTEGER
MATCH (s:Source {name: $source})
UNWIND range(0, size($ids) - 1) AS i
MATCH (c:Composition) WHERE id(c) = $ids[i]
CREATE (s)-[:VISITED {n: $n[i], mass: $masses[i]}]->(c)
WITH c, i
CALL (c, i) {
  MATCH (prefix:Composition) WHERE id(prefix) = $prefixes[i]
  MATCH (suffix:Composition) WHERE id(suffix) = $suffixes[i]
  MERGE (c)-[:BACKS_OFF_TO]->(suffix)
  MERGE (prefix)-[:EXTENDS_TO {token: $tokens[i]}]->(c)
}
RETURN count(*) AS created
