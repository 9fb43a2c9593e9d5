// Words that relate to the third word as the second to the first, by the rows of every track (3CosMul).
// in:  $first STRING, $second STRING, $third STRING, $top INTEGER
// out: answer STRING, score FLOAT, like_second FLOAT, like_third FLOAT, like_first FLOAT, sources LIST<STRING>
// drawn: answer_node NODE
// procedure: analogy(first::STRING, second::STRING, third::STRING, top = 10::INTEGER)
// example: analogy('man', 'king', 'woman', 5)
UNWIND [$first, $second, $third] AS word
CALL (word) {
  FIND_WORD(c, word)
}
WITH collect(c) AS given
WHERE size(given) = 3
CALL () {
  MATCH (s:Source {state: 'live'})-[:HAS_TRACK]->(t:Track)
  WHERE t.vote > 0 AND t.evidence IN split('SILENT_EVIDENCE', '|')
  RETURN collect([t.source, t.evidence, t.vote]) AS tracks, 1.0 * sum(t.vote) AS votes
}
// The answer is another word, in any case, and related to one of them at least: of these, the ones that odds alone put first.
CALL (given) {
  UNWIND range(0, 2) AS i
  WITH given, given[i] AS c, [-1, 1, 1][i] AS sign
  MATCH (c)-[r:DEFAULT_RELATION]-(d:Token)
  WHERE r.decades > 0 AND NOT d.folded IN [one IN given | one.folded]
  WITH d, sum(sign * r.decades) AS odds
  ORDER BY odds DESC, d.key
  LIMIT 40
  RETURN collect(d) AS near
}
WITH given + near AS words, tracks, votes
CALL (words) {
  UNWIND range(0, size(words) - 1) AS x
  WITH x, words[x] AS c
  MATCH (c)-[e:SILENT_EVIDENCE]-(m)
  WHERE e.support > 0
  WITH x, id(c) AS own, id(m) AS m, e.source AS source, type(e) AS evidence,
       e.support * (e.weight / 1e6 / e.n) ^ 3 AS value
  WITH x, own, source, evidence, max(value) AS high, sum(value * value) AS squares,
       collect([m, value]) AS row
  // A row is scaled to length one; a word's own place has the row's highest value.
  UNWIND row + [[own, high]] AS cell
  WITH source, evidence, cell[0] AS m, collect([x, cell[1] / sqrt(squares + high * high)]) AS column
  WITH source, evidence, column, [part IN column WHERE part[0] < 3] AS ones
  WHERE ones <> []
  UNWIND ones AS one
  UNWIND column AS other
  WITH source, evidence, one[0] AS g, other[0] AS x, one[1] * other[1] AS product
  WHERE x > 2
  RETURN source, evidence, x, g, sum(product) AS cosine
}
WITH words[x] AS d, source, g,
     cosine * [t IN tracks WHERE t[0] = source AND t[1] = evidence | t[2]][0] / votes AS part
WHERE part IS NOT NULL
WITH d, source, sum(CASE g WHEN 0 THEN part ELSE 0.0 END) AS a,
     sum(CASE g WHEN 1 THEN part ELSE 0.0 END) AS b, sum(CASE g WHEN 2 THEN part ELSE 0.0 END) AS c
ORDER BY source
WITH d, sum(a) AS like_first, sum(b) AS like_second, sum(c) AS like_third,
     collect(CASE WHEN b > 0 AND c > 0 THEN source END) AS sources
WITH d, like_first, like_second, like_third, sources,
     (like_second + 0.02) * (like_third + 0.02) / (like_first + 0.02) AS total
RETURN d.text AS answer, ROUNDED(total, 4) AS score, ROUNDED(like_second, 4) AS like_second,
       ROUNDED(like_third, 4) AS like_third, ROUNDED(like_first, 4) AS like_first, sources,
       DRAWN(d AS answer_node)
ORDER BY total DESC, answer
LIMIT $top
