// Where sources have a text, each with its place; of a word without places of its own, where they have what they relate to it.
// in:  $text STRING, $top INTEGER, $source STRING
// out: source STRING, place STRING, text STRING
// drawn: source_node NODE, place_edge RELATIONSHIP, text_node NODE
// procedure: places(text::STRING, top = 100::INTEGER, source = null::STRING)
// example: places('king', 5)
CALL () {
  FIND_WORD(c, $text)
}
CALL (c) {
  MATCH (s:Source {state: 'live'})-[h:HOLDS]->(c)
  RETURN s, h, c AS held, 0 AS weight
  UNION ALL
  // A sentence with the word, a picture of it.
  MATCH (c)-[e:ALL_EVIDENCE]-(d:Composition)
  WHERE NOT EXISTS { (c)<-[:HOLDS]-(:Source {state: 'live'}) } AND d.kind <> c.kind
  MATCH (s:Source {name: e.source, state: 'live'})-[h:HOLDS]->(d)
  RETURN s, h, d AS held, max(e.weight) AS weight
}
WITH s, h, held, weight
WHERE $source IS NULL OR s.name = $source
RETURN s.name AS source, h.place AS place, held.text AS text,
       DRAWN(s AS source_node, h AS place_edge, held AS text_node)
// Page 9 before page 10, line 9 before line 10.
ORDER BY weight DESC, source, split(split(place, '#')[0], ':')[0], size(place), place, held.key
LIMIT $top
