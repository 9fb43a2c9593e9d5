// Every relationship as it is, to write a store anew.
// in:
// out: kind STRING, begin INTEGER, end INTEGER, properties MAP
MATCH (a)-[r]->(b)
RETURN type(r) AS kind, id(a) AS begin, id(b) AS end, properties(r) AS properties
