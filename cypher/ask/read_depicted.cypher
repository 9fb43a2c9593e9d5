// What sources say that some pictures show, and the share of all pictures that show it.
// in:  $pictures LIST<STRING>
// out: picture STRING, concept STRING, kind STRING, everywhere FLOAT, sources LIST<STRING>
CALL () {
  MATCH (i:Image)
  RETURN count(i) AS pictures
}
UNWIND $pictures AS text
MATCH (p:Composition {folded: toLower(text)})
WHERE p:Image AND p.text = text
MATCH (p)-[e:DEPICTION_EVIDENCE]->(c)
WHERE NOT c:Feature
MATCH (s:Source {name: e.source, state: 'live'})
WITH p, c, pictures, collect(DISTINCT s.name) AS sources
RETURN p.text AS picture, c.text AS concept, c.kind AS kind,
       1.0 * COUNT { (:Image)-[:DEPICTS]->(c) } / pictures AS everywhere, sources
ORDER BY p.key, c.key
