// Every composition that a live track knows, with the set of these tracks.
// in:
// out: id INTEGER, key STRING, known STRING
MATCH (c:Composition)
WHERE c.known <> ''
RETURN id(c) AS id, c.key AS key, c.known AS known
