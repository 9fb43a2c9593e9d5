// Where sources say that one symbol is related to another by a type: the line of the first occurrence, what it was resolved through, and the places of the first symbol.
// in:  $start STRING, $end STRING, $type STRING
// out: source STRING, line INTEGER, steps INTEGER, places LIST<STRING>
CALL () {
  FIND_WORD(c, $start)
}
CALL () {
  FIND_WORD(d, $end)
}
MATCH (c)-[e:EVIDENCE_TYPES]->(d)
WHERE FEEDS[type(e)] = $type AND e.steps IS NOT NULL
MATCH (s:Source {name: e.source, state: 'live'})
RETURN s.name AS source, coalesce(e.line, 0) AS line, e.steps AS steps, [(s)-[h:HOLDS]->(c) | h.place] AS places
ORDER BY source
