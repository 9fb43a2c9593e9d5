// The number of compositions with some keys.
// in:  $keys LIST<STRING>
// out: compositions INTEGER
UNWIND $keys AS key
MATCH (c:Composition {key: key})
RETURN count(c) AS compositions
