// Say what digest a source's visits have now.
// in:  $source STRING, $visited LIST<INTEGER>
// out: source STRING
MATCH (s:Source {name: $source})
SET s.visited = $visited
RETURN s.name AS source
