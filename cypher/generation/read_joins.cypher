// The visited contexts of two tokens and more of some sources, with their parts.
// in:  $sources LIST<STRING>
// out: id INTEGER, prefix INTEGER, suffix INTEGER, token STRING
MATCH (p:Composition)-[x:EXTENDS_TO]->(c:Context)-[:BACKS_OFF_TO]->(d:Composition)
WHERE EXISTS { (c)<-[:VISITED]-(s:Source) WHERE s.name IN $sources }
RETURN id(c) AS id, id(p) AS prefix, id(d) AS suffix, x.token AS token
ORDER BY c.key
