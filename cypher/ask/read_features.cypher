// The measured features of a picture.
// in:  $picture STRING
// out: feature STRING
MATCH (p:Composition {folded: toLower($picture)})
WHERE p:Image AND p.text = $picture
MATCH (p)-[:DEPICTS]->(f:Feature)
RETURN f.text AS feature
ORDER BY feature
