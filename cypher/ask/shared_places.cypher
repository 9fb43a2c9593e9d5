// Where sources have both of two texts, such as the pages that a relation counted in documents comes from.
// in:  $start STRING, $end STRING, $sources LIST<STRING>, $top INTEGER
// out: source STRING, place STRING
CALL () {
  FIND_WORD(c, $start)
}
CALL () {
  FIND_WORD(d, $end)
}
MATCH (c)<-[h:HOLDS]-(s:Source {state: 'live'})-[k:HOLDS]->(d)
WHERE h.place = k.place AND s.name IN $sources
WITH DISTINCT s.name AS source, h.place AS place
RETURN source, place
// Page 9 before page 10, line 9 before line 10.
ORDER BY source, split(split(place, '#')[0], ':')[0], size(place), place
LIMIT $top
