// The words with the most relations above a rating, with the ratio to the mean and the strongest relations of each.
// in:  $top INTEGER, $above INTEGER, $all BOOLEAN
// out: word STRING, score FLOAT, related INTEGER, strongest LIST<STRING>
// drawn: word_node NODE, strongest_nodes LIST<NODE>, strongest_relations LIST<RELATIONSHIP>
// procedure: hubs(top = 10::INTEGER, above = 1500::INTEGER, all = false::BOOLEAN)
// example: hubs(10)
MATCH (c:Composition)
WHERE NOT c:UNCONNECTED_KINDS AND NOT c:FRAGMENT_KINDS
WITH id(c) AS id, COUNT {
       MATCH (c)-[r:DEFAULT_RELATION]-(d)
       WHERE r.consensus > $above AND NOT d:UNCONNECTED_KINDS AND NOT d:FRAGMENT_KINDS
     } AS related
WITH collect([id, related]) AS counted, avg(related) AS mean
CALL () {
  MATCH (s:Source {state: 'live'})-[:HAS_TRACK]->(t:Track)
  WHERE t.evidence IN split('SILENT_EVIDENCE', '|')
  WITH s, collect(toString(t.number)) AS numbers
  RETURN collect(numbers) AS voices
}
UNWIND counted AS one
WITH one[0] AS id, one[1] AS related, mean, voices
WHERE related > 0
MATCH (c:Composition) WHERE id(c) = id
WITH c, related, mean, voices
WHERE $all OR READABLE(c, voices)
WITH c, related, 1.0 * related / CASE WHEN mean > 1 THEN mean ELSE 1 END AS ratio
ORDER BY related DESC, c.key
LIMIT $top
CALL (c) {
  MATCH (c)-[r:DEFAULT_RELATION]-(d)
  WHERE r.consensus > $above AND NOT d:UNCONNECTED_KINDS AND NOT d:FRAGMENT_KINDS
  WITH d, r ORDER BY BY_STRENGTH(r), d.key LIMIT 3
  RETURN collect(d) AS nodes, collect(r) AS edges, collect(d.text + ' ' + toString(r.consensus)) AS strongest
}
RETURN c.text AS word, ROUNDED(ratio, 4) AS score, related, strongest,
       DRAWN(c AS word_node, nodes AS strongest_nodes, edges AS strongest_relations)
ORDER BY related DESC, c.key
