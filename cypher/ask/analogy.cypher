// Words that relate to the third word as the second to the first, by the overlap of neighbours (3CosAdd).
// in:  $first STRING, $second STRING, $third STRING, $top INTEGER
// out: answer STRING, score FLOAT, like_second FLOAT, like_third FLOAT, like_first FLOAT
// drawn: answer_node NODE
// procedure: analogy(first::STRING, second::STRING, third::STRING, top = 10::INTEGER)
// example: analogy('man', 'king', 'woman', 5)
UNWIND [[$second, 1.0], [$third, 1.0], [$first, -1.0]] AS part
CALL (part) {
  FIND_WORD(c, part[0])
}
WITH collect([c, part[1]]) AS words
WHERE size(words) = 3
UNWIND words AS pair
WITH pair[0] AS c, pair[1] AS sign
CALL (c) {
  MATCH (c)-[x:DEFAULT_RELATION]-() WHERE x.decades > 0
  WITH max(x.decades) AS high, sum(x.decades * x.decades) AS squares
  RETURN high, sqrt(squares + high * high) AS length
}
WITH collect({word: c, sign: sign, high: high, length: length}) AS given
UNWIND given AS one
// The dot product of two rows: over neighbours of both, and where one is the other's neighbour.
WITH given, one, one.word AS c
CALL (c, one) {
  MATCH (c)-[x:DEFAULT_RELATION]-(m)-[y:DEFAULT_RELATION]-(d:Token)
  WHERE x.decades > 0 AND y.decades > 0 AND d <> c
  RETURN d, sum(x.decades * y.decades) AS dot
  UNION ALL
  MATCH (c)-[x:DEFAULT_RELATION]-(d:Token)
  WHERE x.decades > 0
  RETURN d, x.decades * one.high AS dot
}
WITH given, d, one, sum(dot) / one.length AS part
WITH given, d, sum(one.sign * part) AS total, collect([one.word, part]) AS parts
WHERE NOT d IN [pair IN given | pair.word]
ORDER BY total DESC, d.key
LIMIT 200
CALL (d) {
  MATCH (d)-[y:DEFAULT_RELATION]-() WHERE y.decades > 0
  RETURN max(y.decades) AS high, sum(y.decades * y.decades) AS squares
}
// Where one is the other's neighbour, each row's own place counts too.
CALL (d, given, high) {
  UNWIND given AS pair
  WITH d, high, pair, pair.word AS c
  OPTIONAL MATCH (c)-[x:DEFAULT_RELATION]-(d) WHERE x.decades > 0
  RETURN collect([c, coalesce(x.decades, 0) * high / pair.length]) AS owns
}
WITH d, given, [pair IN given |
    (reduce(sum = 0.0, p IN parts | sum + CASE WHEN p[0] = pair.word THEN p[1] ELSE 0.0 END)
     + reduce(sum = 0.0, p IN owns | sum + CASE WHEN p[0] = pair.word THEN p[1] ELSE 0.0 END))
    / sqrt(squares + 1.0 * high * high)] AS cosines
WITH d, cosines, cosines[0] + cosines[1] - cosines[2] AS total
RETURN d.text AS answer, ROUNDED(total, 4) AS score,
       ROUNDED(cosines[0], 4) AS like_second, ROUNDED(cosines[1], 4) AS like_third,
       ROUNDED(cosines[2], 4) AS like_first, DRAWN(d AS answer_node)
ORDER BY total DESC, answer
LIMIT $top
