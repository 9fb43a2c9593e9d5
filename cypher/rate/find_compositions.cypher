// Every composition.
// in:
// out: id INTEGER
MATCH (c:Composition)
RETURN id(c) AS id
