// Symbols of a source on which most runs through: callers times callees, then callers.
// in:  $source STRING, $top INTEGER
// out: symbol STRING, callers INTEGER, callees INTEGER, place STRING
// drawn: symbol_node NODE
// procedure: hotspots(source::STRING, top = 20::INTEGER)
// example: hotspots('shop', 5)
MATCH (s:Source {name: $source, state: 'live'})
MATCH (s)-[h:HOLDS]->(c:Symbol)
WITH c, min(h.place) AS place
WITH c, place, COUNT { (x)-[e:CALLS_EVIDENCE {source: $source}]->(c) WHERE x <> c } AS callers,
     COUNT { (c)-[e:CALLS_EVIDENCE {source: $source}]->(x) WHERE x <> c } AS callees
WHERE callers > 0
ORDER BY callers * callees DESC, callers DESC, c.text
LIMIT $top
RETURN c.text AS symbol, callers, callees, place, DRAWN(c AS symbol_node)
