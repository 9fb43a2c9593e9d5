// How many compositions of some keys there are.
// in:  $keys LIST<STRING>
// out: compositions INTEGER
UNWIND $keys AS key
MATCH (c:Composition {key: key})
RETURN count(c) AS compositions
