// The texts of some pictures: what models of texts and pictures list with them, captions, and what detectors saw; and the share of all pictures that each is a text of.
// in:  $pictures LIST<STRING>
// out: picture STRING, concept STRING, kind STRING, everywhere FLOAT, sources LIST<STRING>
CALL () {
  MATCH (i:Image)
  RETURN count(i) AS pictures
}
UNWIND $pictures AS text
MATCH (p:Composition {folded: toLower(text)})
WHERE p:Image AND p.text = text
MATCH (p)-[r:RELATES|DEPICTS]-(c:Composition)
WHERE c.kind IN ['Token', 'Sentence']
      AND (r.decades > 0 OR type(r) = 'DEPICTS' AND coalesce(r.against, 0) < r.n)
WITH DISTINCT p, c, pictures
CALL (p, c) {
  MATCH (c)-[e:ALL_EVIDENCE]-(p)
  WHERE (e.support > 0 OR type(e) = 'DEPICTION_EVIDENCE')
  MATCH (s:Source {name: e.source, state: 'live'})
  WITH DISTINCT s.name AS name ORDER BY name
  RETURN collect(name) AS sources
}
RETURN p.text AS picture, c.text AS concept, c.kind AS kind,
       1.0 * COUNT { (c)-[r:RELATES|DEPICTS]-(:Image) WHERE r.decades > 0 OR type(r) = 'DEPICTS' } / pictures AS everywhere, sources
ORDER BY p.key, c.key
