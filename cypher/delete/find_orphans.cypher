// Compositions without evidence and without visits; edges between contexts do not count.
// in:
// out: id INTEGER
MATCH (c:Composition)
WHERE NOT EXISTS { (c)-[:ALL_EVIDENCE]-() } AND NOT EXISTS { (c)<-[:VISITED]-() }
RETURN id(c) AS id
