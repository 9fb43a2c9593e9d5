// What calls some symbols or inherits from them: one hop of what a change of them reaches.
// in:  $symbols LIST<STRING>, $source STRING
// out: symbol STRING, relation STRING, on STRING, source STRING, line INTEGER, steps INTEGER, places LIST<STRING>
// drawn: symbol_node NODE, edge RELATIONSHIP, on_node NODE
// procedure: dependents(symbols::LIST OF STRING, source = null::STRING)
// example: dependents(['python:shop.basket.total'])
UNWIND $symbols AS text
MATCH (d:Composition {folded: toLower(text)})
WHERE d:Symbol AND d.text = text
MATCH (c:Symbol)-[e:CALLS_EVIDENCE|INHERITS_EVIDENCE]->(d)
WHERE ($source IS NULL OR e.source = $source) AND c <> d
MATCH (s:Source {name: e.source, state: 'live'})
WITH s, c, e, d, [(s)-[h:HOLDS]->(c) | h.place] AS places
RETURN c.text AS symbol, FEEDS[type(e)] AS relation, d.text AS on, s.name AS source,
       coalesce(e.line, 0) AS line, coalesce(e.steps, 0) AS steps, places,
       DRAWN(c AS symbol_node, e AS edge, d AS on_node)
ORDER BY symbol, on, relation, source
