// Neighbours that two words share, and neighbours of one of them only; each part by rating, best first.
// in:  $start STRING, $end STRING, $top INTEGER
// out: related_to STRING, neighbour STRING, consensus_start INTEGER, consensus_end INTEGER
// procedure: compare(start::STRING, end::STRING, top = 10::INTEGER)
CALL () {
  MATCH (c:Composition {folded: normalize(toLower($start))})
  RETURN c ORDER BY c.text = normalize($start) DESC, c.kind DESC, c.text LIMIT 1
}
CALL () {
  MATCH (d:Composition {folded: normalize(toLower($end))})
  RETURN d ORDER BY d.text = normalize($end) DESC, d.kind DESC, d.text LIMIT 1
}
CALL (c, d) {
  MATCH (c)-[x:RELATES]-(m:Token)-[y:RELATES]-(d)
  WHERE x.decades > 0 AND y.decades > 0
  RETURN 0 AS part, 'both' AS related_to, m, x.consensus AS consensus_start, y.consensus AS consensus_end,
         CASE WHEN x.consensus < y.consensus THEN x.consensus ELSE y.consensus END AS rating
  ORDER BY rating DESC, m.key LIMIT $top
  UNION ALL
  MATCH (c)-[x:RELATES]-(m:Token)
  WHERE m <> d AND x.decades > 0 AND NOT EXISTS { (m)-[y:RELATES]-(d) WHERE y.decades > 0 }
  RETURN 1 AS part, c.text AS related_to, m, x.consensus AS consensus_start, null AS consensus_end,
         x.consensus AS rating
  ORDER BY rating DESC, m.key LIMIT $top
  UNION ALL
  MATCH (d)-[y:RELATES]-(m:Token)
  WHERE m <> c AND y.decades > 0 AND NOT EXISTS { (m)-[x:RELATES]-(c) WHERE x.decades > 0 }
  RETURN 2 AS part, d.text AS related_to, m, null AS consensus_start, y.consensus AS consensus_end,
         y.consensus AS rating
  ORDER BY rating DESC, m.key LIMIT $top
}
RETURN related_to, m.text AS neighbour, consensus_start, consensus_end
ORDER BY part, rating DESC, m.key
