// Sentences that a question may be near to: those that share words with it, most words first, and questions.
// in:  $question STRING, $most INTEGER
// out: key STRING, text STRING, words LIST<STRING>
CALL () {
  WITH reduce(text = '', i IN range(0, size($question) - 1) |
         text + CASE WHEN substring($question, i, 1) =~ '[\\p{L}\\p{N}]'
                THEN substring($question, i, 1) ELSE ' ' END) AS spaced
  UNWIND split(toLower(spaced), ' ') AS word
  WITH DISTINCT word
  WHERE word <> ''
  MATCH (c:Composition {folded: normalize(word)})-[:RELATES]-(s:Sentence)
  WHERE c:Token
  WITH s, word ORDER BY word
  WITH s, collect(DISTINCT word) AS words
  ORDER BY size(words) DESC, s.key
  LIMIT $most
  RETURN s, words
  UNION ALL
  MATCH (s:Sentence)
  WHERE EXISTS { (s)-[:ANSWERED_BY]->() }
  WITH s ORDER BY s.key LIMIT $most
  RETURN s, [] AS words
}
RETURN s.key AS key, s.text AS text, words
