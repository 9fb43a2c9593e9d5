// The number of sources with some names.
// in:  $names LIST<STRING>
// out: sources INTEGER
MATCH (s:Source)
WHERE s.name IN $names
RETURN count(s) AS sources
