// Compositions without evidence that no source visited; what joins contexts keeps nothing alive.
// in:
// out: id INTEGER
MATCH (c:Composition)
WHERE NOT EXISTS { (c)-[:ALL_EVIDENCE]-() } AND NOT EXISTS { (c)<-[:VISITED]-() }
RETURN id(c) AS id
