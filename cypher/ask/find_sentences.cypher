// Sentences that share words with a question, most words first, and questions.
// in:  $question STRING, $most INTEGER
// out: key STRING, text STRING, words LIST<STRING>
CALL () {
  WITH [i IN range(0, size($question) - 1) | toLower(substring($question, i, 1))] AS characters,
       '[\\p{IsHan}\\p{IsHiragana}\\p{IsKatakana}\\x{30fc}\\p{IsThai}\\p{IsLao}\\p{IsKhmer}\\p{IsMyanmar}]'
         AS unspaced
  // Where a script sets no spaces, any part of a run may be a word.
  WITH reduce(text = '', c IN characters |
         text + CASE WHEN c =~ '[\\p{L}\\p{M}\\p{N}\\x{200c}\\x{200d}]' AND NOT c =~ unspaced
                THEN c ELSE ' ' END) AS spaced,
       reduce(text = '', c IN characters |
         text + CASE WHEN c =~ unspaced OR c =~ '\\p{M}' THEN c ELSE ' ' END) AS unspaced
  WITH split(spaced, ' ') +
       reduce(parts = [], run IN [one IN split(unspaced, ' ') WHERE one <> ''] |
         reduce(more = parts, i IN range(0, size(run) - 1) |
           more + [n IN range(1, 16) WHERE i + n <= size(run) | substring(run, i, n)])) AS words
  UNWIND words AS word
  WITH DISTINCT word
  WHERE word <> ''
  MATCH (c:Composition {folded: normalize(word)})-[:DEFAULT_RELATION]-(s:Sentence)
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
