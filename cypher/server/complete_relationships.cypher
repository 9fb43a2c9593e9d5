// Set the properties of imported relationships that an import cannot write, by the number on each relationship.
// in:  $properties MAP
// out: completed INTEGER
MATCH ()-[r]->()
WHERE r.imported IS NOT NULL
WITH r, $properties[toString(r.imported)] AS more
WHERE more IS NOT NULL
REMOVE r.imported
SET r += more
RETURN count(r) AS completed
