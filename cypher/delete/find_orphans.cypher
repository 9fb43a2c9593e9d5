// Compositions that nothing refers to any more.
// in:
// out: id INTEGER
MATCH (c:Composition)
WHERE NOT EXISTS { (c)--() }
RETURN id(c) AS id
