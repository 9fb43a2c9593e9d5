// The visited contexts of some sources, with the number of visits.
// in:  $sources LIST<STRING>
// out: id INTEGER, n INTEGER
MATCH (s:Source)-[v:VISITED]->(c:Composition)
WHERE s.name IN $sources
RETURN id(c) AS id, sum(v.n) AS n
