// Return the pictures that a key or a file's name stands for; the placeholder FIND_PICTURES is filled with this.
// in:  $picture STRING
// out: p NODE
MATCH (p:Composition {folded: toLower($picture)})
WHERE p:Image AND p.text = $picture
RETURN p
UNION
MATCH (:Source {state: 'live'})-[:HOLDS {place: $picture}]->(p:Image)
RETURN p
