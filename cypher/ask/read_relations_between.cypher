// The rated edges between two words, in both directions.
// in:  $start STRING, $end STRING
// out: start STRING, type STRING, end STRING
CALL () {
  FIND_WORD(c, $start)
}
CALL () {
  FIND_WORD(d, $end)
}
MATCH (c)-[r]-(d)
WHERE r.elo IS NOT NULL
RETURN startNode(r).text AS start, type(r) AS type, endNode(r).text AS end
ORDER BY type, start
