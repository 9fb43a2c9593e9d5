// Functions of a source, of one language, that have one shape, the longest first, with words that not all of them have.
// in:  $source STRING, $top INTEGER
// out: shape STRING, symbols LIST<STRING>, places LIST<STRING>, differ LIST<STRING>
// drawn: shape_node NODE
// procedure: clones(source::STRING, top = 20::INTEGER)
// example: clones('shop', 5)
MATCH (one:Source {name: $source, state: 'live'})-[:HOLDS]->(h:Shape)
WHERE h.text STARTS WITH 'function '
WITH DISTINCT one, h
MATCH (h)-[:EQUIVALENCE_EVIDENCE {source: $source}]-(s:Symbol)
WITH one, h, s ORDER BY s.text
WITH one, h, split(s.text, ':')[0] AS language, collect(s) AS having
WHERE size(having) > 1
CALL (having) {
  WITH having[0] AS s
  MATCH (s)-[r:EQUIVALENCE_EVIDENCE {source: $source}]-(f:Shape)
  WHERE NOT f.text CONTAINS ' '
  RETURN sum(r.n) AS length
}
WITH one, h, having, length
ORDER BY length DESC, size(having) DESC, h.text, having[0].text
LIMIT $top
CALL (one, having) {
  UNWIND having AS s
  MATCH (one)-[p:HOLDS]->(s)
  WITH s, min(p.place) AS place ORDER BY s.text
  RETURN collect(place) AS places
}
CALL (having) {
  UNWIND having AS s
  MATCH (t:Token)-[:DESCRIBES_EVIDENCE {source: $source}]->(s)
  WITH t, count(s) AS those, size(having) AS among
  WHERE those < among
  WITH t ORDER BY those DESC, t.text
  RETURN collect(t.text)[..12] AS differ
}
RETURN h.text AS shape, [s IN having | s.text] AS symbols, places, differ, DRAWN(h AS shape_node)
ORDER BY length DESC, size(symbols) DESC, shape, symbols
