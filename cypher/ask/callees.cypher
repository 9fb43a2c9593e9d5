// What a symbol calls: where, how often, and through what the call was resolved.
// in:  $symbol STRING, $top INTEGER, $source STRING
// out: symbol STRING, source STRING, times INTEGER, line INTEGER, steps INTEGER, places LIST<STRING>
// drawn: callee_node NODE, call_edge RELATIONSHIP, symbol_node NODE
// procedure: callees(symbol::STRING, top = 100::INTEGER, source = null::STRING)
// example: callees('python:shop.basket.total', 5)
MATCH (d:Composition {folded: toLower($symbol)})
WHERE d:Symbol AND d.text = $symbol
MATCH (s:Source {state: 'live'})
WHERE $source IS NULL OR s.name = $source
MATCH (d)-[e:CALLS_EVIDENCE {source: s.name}]->(c:Symbol)
WITH s, c, e, d, [(s)-[h:HOLDS]->(d) | h.place] AS places
RETURN c.text AS symbol, s.name AS source, e.n AS times, coalesce(e.line, 0) AS line,
       coalesce(e.steps, 0) AS steps, places,
       DRAWN(c AS callee_node, e AS call_edge, d AS symbol_node)
ORDER BY times DESC, symbol, source
LIMIT $top
