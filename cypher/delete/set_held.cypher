// Set the digest of a source's places.
// in:  $source STRING, $held LIST<INTEGER>
// out: source STRING
MATCH (s:Source {name: $source})
SET s.held = $held
RETURN s.name AS source
