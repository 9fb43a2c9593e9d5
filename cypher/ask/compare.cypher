// Neighbours that two words share, and neighbours of one of them only; each part by the weaker relation, strongest first.
// in:  $start STRING, $end STRING, $top INTEGER
// out: related_to STRING, neighbour STRING, consensus_start INTEGER, consensus_end INTEGER, elo_start FLOAT, elo_end FLOAT
// drawn: start_node NODE, start_relation RELATIONSHIP, neighbour_node NODE, end_relation RELATIONSHIP, end_node NODE
// procedure: compare(start::STRING, end::STRING, top = 10::INTEGER)
// example: compare('king', 'queen', 5)
CALL () {
  FIND_WORD(c, $start)
}
CALL () {
  FIND_WORD(d, $end)
}
CALL (c, d) {
  MATCH (c)-[x:DEFAULT_RELATION]-(m:Token)-[y:DEFAULT_RELATION]-(d)
  WHERE x.decades > 0 AND y.decades > 0
  RETURN 0 AS part, 'both' AS related_to, m, x, y, x.consensus AS consensus_start, y.consensus AS consensus_end,
         CASE WHEN x.consensus < y.consensus OR x.consensus = y.consensus AND x.elo < y.elo THEN x ELSE y END AS weaker
  ORDER BY BY_STRENGTH(weaker), m.key LIMIT $top
  UNION ALL
  MATCH (c)-[x:DEFAULT_RELATION]-(m:Token)
  WHERE m <> d AND x.decades > 0 AND NOT EXISTS { (m)-[y:DEFAULT_RELATION]-(d) WHERE y.decades > 0 }
  RETURN 1 AS part, c.text AS related_to, m, x, null AS y, x.consensus AS consensus_start, null AS consensus_end,
         x AS weaker
  ORDER BY BY_STRENGTH(weaker), m.key LIMIT $top
  UNION ALL
  MATCH (d)-[y:DEFAULT_RELATION]-(m:Token)
  WHERE m <> c AND y.decades > 0 AND NOT EXISTS { (m)-[x:DEFAULT_RELATION]-(c) WHERE x.decades > 0 }
  RETURN 2 AS part, d.text AS related_to, m, null AS x, y, null AS consensus_start, y.consensus AS consensus_end,
         y AS weaker
  ORDER BY BY_STRENGTH(weaker), m.key LIMIT $top
}
RETURN related_to, m.text AS neighbour, consensus_start, consensus_end,
       ROUNDED(x.elo, 1) AS elo_start, ROUNDED(y.elo, 1) AS elo_end,
       DRAWN(c AS start_node, x AS start_relation, m AS neighbour_node, y AS end_relation, d AS end_node)
ORDER BY part, BY_STRENGTH(weaker), m.key
