// Set the digest of a source's visits.
// in:  $source STRING, $visited LIST<INTEGER>
// out: source STRING
MATCH (s:Source {name: $source})
SET s.visited = $visited
RETURN s.name AS source
