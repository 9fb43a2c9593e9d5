// Pictures that relations of some types lead to something else from, such as what they show, and with some features, those that share the rarest first; alike is the share of the features' rarity, log10 of one over the share of pictures that have them.
// in:  $features LIST<STRING>, $without STRING, $types LIST<STRING>, $top INTEGER
// out: picture STRING, alike FLOAT, shared LIST<STRING>
CALL () {
  MATCH (i:Image)
  RETURN count(i) AS pictures
}
CALL (pictures) {
  UNWIND $features AS text
  OPTIONAL MATCH (f:Composition {folded: toLower(text)})
  WHERE f:Feature AND f.text = text
  // One that no picture has counts as well: it is what none shares.
  WITH f, log10((1.0 + pictures) / (0.5 + COUNT { (f)<-[:DEPICTS]-() })) AS rarity
  RETURN collect([f, rarity]) AS features, sum(rarity) AS whole
}
UNWIND features AS one
WITH one[0] AS f, one[1] AS rarity, whole
WHERE f IS NOT NULL
MATCH (f)<-[:DEPICTS]-(p:Image)
WHERE p.text <> $without
WITH p, whole, sum(rarity) AS alike, collect(f.text) AS shared
WHERE EXISTS { (p)-[r:DEPICTS|RELATES]-(c) WHERE type(r) IN $types AND NOT c:Feature }
ORDER BY alike DESC, p.key
LIMIT $top
RETURN p.text AS picture, alike / whole AS alike, shared
