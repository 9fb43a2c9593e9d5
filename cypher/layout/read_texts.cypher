// The texts of some compositions.
// in:  $keys LIST<STRING>
// out: key STRING, text STRING
UNWIND $keys AS key
MATCH (c:Composition {key: key})
RETURN key, c.text AS text
