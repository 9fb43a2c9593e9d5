// Give imported nodes the properties that an import cannot bring, by the number they carry.
// in:  $properties MAP
// out: completed INTEGER
MATCH (n:imported)
WITH n, $properties[toString(n.imported)] AS more
WHERE more IS NOT NULL
REMOVE n.imported
REMOVE n:imported
SET n += more
RETURN count(n) AS completed
