// The types of relationships that the database has met.
// in:
// out: type STRING
CALL db.relationshipTypes() YIELD relationshipType AS type
RETURN type
ORDER BY type
