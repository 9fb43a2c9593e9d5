// Where a source has its symbols: the first place of each.
// in:  $source STRING
// out: symbol STRING, place STRING
MATCH (s:Source {name: $source})-[h:HOLDS]->(c:Symbol)
RETURN c.text AS symbol, min(h.place) AS place
ORDER BY symbol
