// Contexts of several tokens that are not joined to a shorter one, or no shorter one to them.
// in:  $top INTEGER
// out: text STRING, backs_off BOOLEAN, extended BOOLEAN
MATCH (c:Context)
WHERE c.text CONTAINS ' '
WITH c, EXISTS { (c)-[:BACKS_OFF_TO]->() } AS backs_off, EXISTS { (c)<-[:EXTENDS_TO]-() } AS extended
WHERE NOT backs_off OR NOT extended
RETURN c.text AS text, backs_off, extended
ORDER BY text
LIMIT $top
