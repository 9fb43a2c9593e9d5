// Delete some rated edges of a type that no evidence is left of.
// in:  $rows INTEGER
// out: deleted INTEGER
MATCH ()-[r:RATED_TYPE]->()
WITH r LIMIT $rows
DELETE r
RETURN count(*) AS deleted
