// The classes of some compositions: the tracks that know each.
// in:  $keys LIST<STRING>
// out: key STRING, known STRING
UNWIND $keys AS key
MATCH (c:Composition {key: key})
RETURN key, c.known AS known
