// How many sources of some names there are.
// in:  $names LIST<STRING>
// out: sources INTEGER
MATCH (s:Source)
WHERE s.name IN $names
RETURN count(s) AS sources
