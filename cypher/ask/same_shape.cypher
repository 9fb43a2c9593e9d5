// Code of the same shape as a function, or as a loop or branch in it: whole functions first, rare shapes before frequent ones.
// in:  $symbol STRING, $top INTEGER
// out: symbol STRING, language STRING, shape STRING, whole BOOLEAN, sharing INTEGER, place STRING, shape_place STRING, source STRING, licence STRING, consensus INTEGER
// drawn: symbol_node NODE, shape_node NODE
// procedure: same_shape(symbol::STRING, top = 10::INTEGER)
// example: same_shape('python:heapq.merge', 5)
MATCH (s:Symbol {folded: toLower(normalize($symbol))})
WHERE s.text = normalize($symbol)
MATCH (s)-[:RELATES]-(h:Shape)
WHERE h.text CONTAINS ' '
WITH s, h, h.text STARTS WITH 'function ' AS whole, COUNT { (h)-[:RELATES]-(:Symbol) } AS sharing
MATCH (h)-[r:RELATES]-(o:Symbol)
WHERE o <> s
WITH s, h, whole, sharing, o, r
ORDER BY whole DESC, sharing, size(h.text) DESC, h.text, BY_STRENGTH(r), o.text
WITH o, collect({h: h, whole: whole, sharing: sharing, r: r}) AS found
WITH o, found[0] AS best, size(found) AS several
ORDER BY best.whole DESC, several DESC, best.sharing, o.text
LIMIT $top
WITH o, best.h AS h, best.whole AS whole, best.sharing AS sharing, best.r AS r, several
CALL (o, h) {
  MATCH (one:Source {state: 'live'})-[p:HOLDS]->(o)
  ORDER BY one.name, p.place
  WITH one, p, h
  OPTIONAL MATCH (one)-[q:HOLDS]->(h)
  WHERE split(q.place, ':')[0] = split(p.place, ':')[0]
  WITH one, p, min(q.place) AS within
  ORDER BY one.name, p.place
  RETURN head(collect(p.place)) AS place, head(collect(within)) AS shape_place, head(collect(one.name)) AS source,
         head(collect(one.licence)) AS licence
}
RETURN o.text AS symbol, split(o.text, ':')[0] AS language, h.text AS shape, whole, sharing, place, shape_place, source,
       licence, r.consensus AS consensus, DRAWN(o AS symbol_node, h AS shape_node)
ORDER BY whole DESC, several DESC, sharing, symbol
