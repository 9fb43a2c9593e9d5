// Give imported relationships the properties that an import cannot bring, by the number they carry.
// in:  $properties MAP
// out: completed INTEGER
MATCH ()-[r]->()
WHERE r.imported IS NOT NULL
WITH r, $properties[toString(r.imported)] AS more
WHERE more IS NOT NULL
REMOVE r.imported
SET r += more
RETURN count(r) AS completed
