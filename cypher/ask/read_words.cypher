// The texts of all words that are related to another.
// in:
// out: text STRING
MATCH (c:Token)
WHERE EXISTS { (c)-[:DEFAULT_RELATION]-() }
RETURN c.text AS text
ORDER BY c.key
