// The words that tell what a function is for, the most telling first: its own, and those that docstrings use for these.
// in:  $symbol STRING, $top INTEGER
// out: word STRING, score FLOAT, path LIST<STRING>, own BOOLEAN
// drawn: word_node NODE, symbol_node NODE
// procedure: code_to_intent(symbol::STRING, top = 10::INTEGER)
// example: code_to_intent('python:heapq.merge', 5)
MATCH (s:Symbol {folded: toLower(normalize($symbol))})
WHERE s.text = normalize($symbol)
CALL () {
  MATCH (one:Symbol) WHERE EXISTS { (one)<-[:DESCRIBES]-() }
  RETURN count(one) AS symbols
}
MATCH (t:Token)-[r:DESCRIBES]->(s)
WITH s, symbols, t, 1.0 * r.weight / 1e6 / r.n AS weight
CALL (t) {
  RETURN t AS w, 1.0 AS share
  UNION ALL
  MATCH (w:Token)-[x:EXPRESSED_BY]->(t)
  RETURN w, 0.3 * x.weight / 1e6 / x.n AS share
}
WITH s, symbols, w, t, weight * share AS part
ORDER BY part DESC, t.text
WITH s, symbols, w, sum(part) AS told, collect(t.text)[..6] AS path, max(w = t) AS own
WITH s, w, path, own, COUNT { (w)-[:DESCRIBES]->(:Symbol) } AS described, symbols, told
WITH s, w, path, own, told * log(1 + (symbols - described + 0.5) / (described + 0.5)) AS score
ORDER BY score DESC, w.text
LIMIT $top
RETURN w.text AS word, ROUNDED(score, 3) AS score, path, own, DRAWN(w AS word_node, s AS symbol_node)
ORDER BY score DESC, word
