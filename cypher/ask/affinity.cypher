// Affinity of two words, related or not: their consensus and the overlap of their neighbours.
// in:  $start STRING, $end STRING
// out: start STRING, end STRING, affinity INTEGER, consensus INTEGER, related BOOLEAN, overlap FLOAT, shared INTEGER
// drawn: start_node NODE, relation RELATIONSHIP, end_node NODE
// procedure: affinity(start::STRING, end::STRING)
// example: affinity('king', 'bread')
CALL () {
  FIND_WORD(c, $start)
}
CALL () {
  FIND_WORD(d, $end)
}
OPTIONAL MATCH (c)-[r:DEFAULT_RELATION]-(d)
CALL (c, d) {
  WITH [n IN split(c.known, '+') WHERE n <> '' AND n IN split(d.known, '+')] AS both
  MATCH (:Source {state: 'live'})-[:HAS_TRACK]->(t:Track)
  WHERE toString(t.number) IN both
  RETURN sum(t.vote) AS votes, sum(t.vote * t.absent) AS silence
}
// A word's row is its neighbours' decades, and itself at their maximum. Both rows are walked once
// and met by neighbour; a walk from one to the other would look through the second for each of the first.
CALL (c, d) {
  CALL (c, d) {
    MATCH (c)-[x:DEFAULT_RELATION]-(m) WHERE x.decades > 0
    RETURN m, x.decades AS of_c, 0 AS of_d
    UNION ALL
    MATCH (d)-[y:DEFAULT_RELATION]-(m) WHERE y.decades > 0
    RETURN m, 0 AS of_c, y.decades AS of_d
  }
  WITH m, sum(of_c) AS of_c, sum(of_d) AS of_d
  RETURN coalesce(max(of_c), 0) AS high_c, sum(of_c * of_c) AS squares_c,
         coalesce(max(of_d), 0) AS high_d, sum(of_d * of_d) AS squares_d,
         sum(of_c * of_d) AS common, count(CASE WHEN of_c > 0 AND of_d > 0 THEN m END) AS shared
}
WITH c, d, r, shared,
     CASE WHEN c = d THEN 1.0 * squares_c + high_c * high_c
          ELSE 1.0 * common + CASE WHEN r.decades > 0 THEN r.decades * (high_c + high_d) ELSE 0 END
     END AS dot,
     sqrt(1.0 * squares_c + high_c * high_c) * sqrt(1.0 * squares_d + high_d * high_d) AS lengths,
     coalesce(r.consensus, 1500 + toInteger(floor(0.4 *
       toInteger(floor((2.0 * silence + votes + 2000000) / (2.0 * (votes + 2000000)))) + 0.5
     ))) AS consensus
WITH c, d, r, shared, consensus, CASE lengths WHEN 0.0 THEN 0.0 ELSE dot / lengths END AS overlap
RETURN c.text AS start, d.text AS end,
       consensus + toInteger(floor(800 * (log10(overlap + 0.01) + 2) + 0.5)) AS affinity,
       consensus, r IS NOT NULL AS related, ROUNDED(overlap, 4) AS overlap, shared,
       DRAWN(c AS start_node, r AS relation, d AS end_node)
