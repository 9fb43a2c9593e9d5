// Every relationship with its properties, for a copy of the store.
// in:
// out: kind STRING, begin INTEGER, end INTEGER, properties MAP
MATCH (a)-[r]->(b)
RETURN type(r) AS kind, id(a) AS begin, id(b) AS end, properties(r) AS properties
