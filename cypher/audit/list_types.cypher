// The relationship types known to the database.
// in:
// out: type STRING
CALL db.relationshipTypes() YIELD relationshipType AS type
RETURN type
ORDER BY type
