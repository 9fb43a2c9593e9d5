// The tokens and pieces in some sources' next-token evidence, in the order of their keys.
// in:  $sources LIST<STRING>
// out: id INTEGER, key STRING, kind STRING, text STRING, visited BOOLEAN
MATCH (c:Token|Piece)
WHERE EXISTS { (c)-[e:CONTEXT_EVIDENCE]-() WHERE e.source IN $sources }
RETURN id(c) AS id, c.key AS key, c.kind AS kind, c.text AS text,
       EXISTS { (c)<-[:VISITED]-(s:Source) WHERE s.name IN $sources } AS visited
ORDER BY key
