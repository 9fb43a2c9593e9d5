// The measured features of a picture, and how much it has of each.
// in:  $picture STRING
// out: feature STRING, degree FLOAT
MATCH (p:Composition {folded: toLower($picture)})
WHERE p:Image AND p.text = $picture
MATCH (p)-[r:DEPICTS]->(f:Feature)
RETURN f.text AS feature, r.weight / 1e6 / r.n AS degree
ORDER BY feature
