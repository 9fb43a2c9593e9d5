// Add to the missing mass of one source's visits, or subtract from it.
// in:  $source STRING, $contexts LIST<INTEGER>, $added LIST<INTEGER>
// out: changed INTEGER
MATCH (s:Source {name: $source})
UNWIND range(0, size($contexts) - 1) AS i
MATCH (c:Composition) WHERE id(c) = $contexts[i]
MATCH (s)-[v:VISITED]->(c)
SET v.mass = v.mass + $added[i]
RETURN count(*) AS changed
