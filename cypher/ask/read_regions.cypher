// The boxes that sources found in a picture, each with its label; the box is the end of its place.
// in:  $picture STRING
// out: source STRING, label STRING, score FLOAT, place STRING
MATCH (p:Composition {folded: toLower($picture)})
WHERE p:Image AND p.text = $picture
MATCH (p)<-[i:INSIDE_EVIDENCE]-(g:Region)
MATCH (g)-[d:DEPICTION_EVIDENCE {source: i.source}]->(c)
MATCH (:Source {name: i.source, state: 'live'})-[h:HOLDS]->(g)
WITH i.source AS source, c.text AS label, d.weight / 1e6 / d.n AS score, g, min(h.place) AS place
RETURN source, label, score, place
ORDER BY source, score DESC, place, label
