// The pairs of a type whose judgement would change most answers, of a word, a source or all: near even odds, between compositions with many relations.
// in:  $word STRING, $source STRING, $top INTEGER, $type STRING
// out: start STRING, type STRING, end STRING, consensus INTEGER, relations INTEGER, judged INTEGER, score FLOAT
// drawn: start_node NODE, relation RELATIONSHIP, end_node NODE
// procedure: review(word = null::STRING, source = null::STRING, top = 10::INTEGER, type = RELATES::STRING)
// example: review('king')
CALL () {
  MATCH (s:Source {state: 'live'})-[:HAS_TRACK]->(t:Track)
  WHERE t.evidence IN split('SILENT_EVIDENCE', '|')
  WITH s, collect(toString(t.number)) AS numbers
  RETURN collect(numbers) AS voices
}
CALL () {
  MATCH (:Source {name: $source, state: 'live'})-[:HAS_TRACK]->(t:Track)
  RETURN min(t.number) AS number
}
CALL () {
  OPTIONAL FIND_WORD(c, $word)
}
CALL (c, number) {
  WITH c, number WHERE c IS NOT NULL
  MATCH (c)-[r:RATED_TYPES]-()
  WHERE type(r) = $type AND r.decades IS NOT NULL AND ($source IS NULL OR number IN r.seen)
  RETURN DISTINCT r
  UNION ALL
  WITH c, number WHERE $word IS NULL
  // Of all pairs only those nearest to even odds are looked at further.
  MATCH ()-[r:RATED_TYPES]->()
  WHERE type(r) = $type AND r.decades IS NOT NULL AND ($source IS NULL OR number IN r.seen)
  WITH r, abs(r.decades) AS away
  ORDER BY away, startNode(r).key, endNode(r).key
  LIMIT 5000
  RETURN r
}
WITH r, voices, startNode(r) AS a, endNode(r) AS b
WHERE NOT a:FRAGMENT_KINDS AND NOT b:FRAGMENT_KINDS AND NOT a:UNCONNECTED_KINDS AND NOT b:UNCONNECTED_KINDS
  AND ($word IS NOT NULL
    OR (NOT a:Token OR READABLE(a, voices)) AND (NOT b:Token OR READABLE(b, voices)))
WITH r, a, b, COUNT { (a)-[:RATED_TYPES]-() } + COUNT { (b)-[:RATED_TYPES]-() } AS relations,
     COUNT { (a)-[e]->(b) WHERE e.source IS NOT NULL AND e.against IS NOT NULL AND FEEDS[type(e)] = $type } AS judged,
     1.0 / (1.0 + 10.0 ^ (-0.001 * r.decades)) AS p
// Information density (Settles and Craven 2008): how uncertain it is, times how much it stands among.
WITH r, a, b, relations, judged, 4 * p * (1 - p) * log10(relations) / (1 + judged) AS score
ORDER BY score DESC, a.key, b.key
LIMIT $top
RETURN a.text AS start, type(r) AS type, b.text AS end, r.consensus AS consensus, relations, judged,
       ROUNDED(score, 4) AS score, DRAWN(a AS start_node, r AS relation, b AS end_node)
ORDER BY score DESC, a.key, b.key
