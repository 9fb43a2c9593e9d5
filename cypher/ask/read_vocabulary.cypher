// Every composition known to a live track, with the set of these tracks.
// in:
// out: id INTEGER, key STRING, known STRING
MATCH (c:Composition)
WHERE c.known <> ''
RETURN id(c) AS id, c.key AS key, c.known AS known
