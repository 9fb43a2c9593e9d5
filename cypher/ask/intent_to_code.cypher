// The functions that a sentence describes, the likeliest first: by their words, and by words that docstrings use for those.
// in:  $text STRING, $top INTEGER
// out: symbol STRING, language STRING, score FLOAT, path LIST<STRING>, place STRING, source STRING, licence STRING
// drawn: symbol_node NODE
// procedure: intent_to_code(text::STRING, top = 10::INTEGER)
// example: intent_to_code('sort a list of numbers', 5)
WITH split(toLower(normalize($text)), [' ', '\t', '\n', ',', '.', '\u003B', ':', '!', '?', '(', ')', '[', ']', '{', '}',
                                       '"', '\'', '`', '/', '\\', '_', '-', '=', '<', '>', '*', '+']) AS said
UNWIND [word IN said WHERE size(word) > 1] AS word
WITH DISTINCT word
MATCH (q:Token {folded: word})
WHERE q.text = word
WITH q, COUNT { (q)-[:DESCRIBES]->(:Symbol) } AS described
CALL () {
  MATCH (s:Symbol) WHERE EXISTS { (s)<-[:DESCRIBES]-() }
  RETURN count(s) AS symbols
}
WITH q, log(1 + (symbols - described + 0.5) / (described + 0.5)) AS rarity
CALL (q) {
  RETURN q AS t, 1.0 AS share
  UNION ALL
  MATCH (q)-[x:EXPRESSED_BY]->(t:Token)
  RETURN t, 0.3 * x.weight / 1e6 / x.n AS share
}
WITH collect({asked: q.text, t: t, share: share * rarity}) AS terms
CALL (terms) {
  UNWIND terms AS term
  WITH term.t AS t, sum(term.share) AS share
  MATCH (t)-[r:DESCRIBES]->(s:Symbol)
  WITH s, sum(share * r.weight / 1e6 / r.n) AS score
  ORDER BY score DESC, s.text
  LIMIT $top
  RETURN s, score
}
CALL (s, terms) {
  UNWIND terms AS term
  WITH term, term.t AS t
  MATCH (t)-[r:DESCRIBES]->(s)
  WITH term, t, term.share * r.weight / 1e6 / r.n AS part
  ORDER BY part DESC, term.asked, t.text
  LIMIT 6
  RETURN collect(CASE WHEN term.asked = t.text THEN t.text ELSE term.asked + ' > ' + t.text END
                 + ' ' + toString(round(part, 2))) AS path
}
CALL (s) {
  MATCH (one:Source {state: 'live'})-[h:HOLDS]->(s)
  ORDER BY one.name, h.place
  RETURN head(collect(h.place)) AS place, head(collect(one.name)) AS source, head(collect(one.licence)) AS licence
}
RETURN s.text AS symbol, split(s.text, ':')[0] AS language, ROUNDED(score, 3) AS score, path, place, source, licence,
       DRAWN(s AS symbol_node)
ORDER BY score DESC, symbol
