// Every composition that a live track knows or that has a relation, with the set of these tracks.
// in:
// out: id INTEGER, key STRING, known STRING
MATCH (c:Composition)
WHERE c.known <> '' OR EXISTS { (c)-[:DEFAULT_RELATION]-() }
RETURN id(c) AS id, c.key AS key, coalesce(c.known, '') AS known
