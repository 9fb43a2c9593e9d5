// Set the properties of imported nodes that an import cannot write, by the number on each node.
// in:  $properties MAP
// out: completed INTEGER
MATCH (n:imported)
WITH n, $properties[toString(n.imported)] AS more
WHERE more IS NOT NULL
REMOVE n.imported
REMOVE n:imported
SET n += more
RETURN count(n) AS completed
