// Contexts of several tokens without an edge to or from a shorter context.
// in:  $top INTEGER
// out: text STRING, backs_off BOOLEAN, extended BOOLEAN
MATCH (c:Context)
WHERE c.text CONTAINS ' '
WITH c, EXISTS { (c)-[:BACKS_OFF_TO]->() } AS backs_off, EXISTS { (c)<-[:EXTENDS_TO]-() } AS extended
WHERE NOT backs_off OR NOT extended
RETURN c.text AS text, backs_off, extended
ORDER BY text
LIMIT $top
