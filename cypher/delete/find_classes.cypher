// The compositions of some classes.
// in:  $classes LIST<STRING>
// out: id INTEGER
MATCH (c:Composition)
WHERE c.known IN $classes
RETURN id(c) AS id
