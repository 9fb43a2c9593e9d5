// The functions of another language that are likest to a function: by shapes, by roles within roles, each weighed by its rarity in that language, and by words.
// in:  $symbol STRING, $language STRING, $top INTEGER
// out: symbol STRING, score FLOAT, same BOOLEAN, shapes LIST<STRING>, roles LIST<STRING>, words LIST<STRING>, place STRING, source STRING, licence STRING
// drawn: symbol_node NODE, found_node NODE
// procedure: translate(symbol::STRING, language::STRING, top = 5::INTEGER)
// example: translate('python:heapq.merge', 'go', 3)
MATCH (s:Symbol {folded: toLower(normalize($symbol))})
WHERE s.text = normalize($symbol)
WITH s, toLower($language) + ':' AS prefix
CALL (prefix) {
  MATCH (o:Symbol) WHERE o.text STARTS WITH prefix AND EXISTS { (o)-[:RELATES]-(:Shape) }
  RETURN count(o) AS others
}
CALL (s, prefix, others) {
  MATCH (s)-[r:RELATES]-(h:Shape)
  WITH h, r, COUNT { (h)-[:RELATES]-(o:Symbol) WHERE o.text STARTS WITH prefix } AS having
  WHERE having > 0
  RETURN collect({c: h, n: 1 + log(r.n), rarity: log(1 + (others - having + 0.5) / (having + 0.5))}) AS shapes
}
CALL (s, prefix, others) {
  MATCH (t:Token)-[r:DESCRIBES]->(s)
  WITH t, r, COUNT { (t)-[:DESCRIBES]->(o:Symbol) WHERE o.text STARTS WITH prefix } AS having
  WHERE having > 0
  RETURN collect({c: t, n: 1.0 * r.weight / 1e6 / r.n,
                  rarity: log(1 + (others - having + 0.5) / (having + 0.5))}) AS words
}
WITH s, prefix, shapes, words, reduce(all = 0.0, f IN shapes | all + f.rarity * f.n) AS most
CALL (s, prefix, shapes, words, most) {
  UNWIND shapes AS f
  WITH f, f.c AS h
  MATCH (h)-[r:RELATES]-(o:Symbol)
  WHERE o <> s AND o.text STARTS WITH prefix
  WITH o, sum(f.rarity * CASE WHEN f.n < 1 + log(r.n) THEN f.n ELSE 1 + log(r.n) END) AS shared,
       max(h.text STARTS WITH 'function ' AND h.text CONTAINS ' ') AS same
  ORDER BY same DESC, shared DESC, o.text
  LIMIT 200
  CALL (o, words) {
    UNWIND words AS w
    WITH w, w.c AS t
    MATCH (t)-[r:DESCRIBES]->(o)
    RETURN sum(w.rarity * w.n * r.weight / 1e6 / r.n) AS said
  }
  CALL (o) {
    MATCH (o)-[r:RELATES]-(:Shape)
    RETURN sum(1 + log(r.n)) AS length
  }
  RETURN o, same, shared / (most + 1e-9) * CASE WHEN length > 60 THEN 60.0 / length ELSE 1.0 END + 0.2 * said AS score
  ORDER BY same DESC, score DESC, o.text
  LIMIT $top
}
CALL (o, shapes) {
  UNWIND shapes AS f
  WITH f, f.c AS h
  MATCH (h)-[:RELATES]-(o)
  WITH f, h ORDER BY f.rarity DESC, h.text
  RETURN [one IN collect(h.text) WHERE one CONTAINS ' '][..3] AS shared_shapes,
         [one IN collect(h.text) WHERE NOT one CONTAINS ' '][..5] AS roles
}
CALL (o, words) {
  UNWIND words AS w
  WITH w, w.c AS t
  MATCH (t)-[:DESCRIBES]->(o)
  WITH w, t ORDER BY w.rarity * w.n DESC, t.text
  RETURN collect(t.text)[..5] AS said
}
CALL (o) {
  MATCH (one:Source {state: 'live'})-[p:HOLDS]->(o)
  ORDER BY one.name, p.place
  RETURN head(collect(p.place)) AS place, head(collect(one.name)) AS source, head(collect(one.licence)) AS licence
}
RETURN o.text AS symbol, ROUNDED(score, 3) AS score, same, shared_shapes AS shapes, roles, said AS words, place, source,
       licence, DRAWN(s AS symbol_node, o AS found_node)
ORDER BY same DESC, score DESC, symbol
