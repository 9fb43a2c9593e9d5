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
  WITH [one IN split(spaced, ' ') WHERE one <> ''] AS said, unspaced
  // The longest run of words that is a name of sentences is taken whole.
  CALL (said) {
    CALL (said) {
      FIND_RUNS(said)
    }
    WITH i, n, p WHERE p:Token AND EXISTS { (p)-[:SENTENCE_EVIDENCE]-(:Sentence) }
    WITH i, max(n) AS n
    RETURN collect([i, n]) AS runs
  }
  WITH unspaced, reduce(taken = {said: [], next: 0}, i IN range(0, size(said) - 1) |
    CASE WHEN i < taken.next THEN taken ELSE
      head([n IN [coalesce(head([run IN runs WHERE run[0] = i | run[1]]), 1)] |
        {said: taken.said + [reduce(text = said[i], j IN range(i + 1, i + n - 1) | text + ' ' + said[j])],
         next: i + n}])
    END).said AS said
  WITH said +
       reduce(parts = [], run IN [one IN split(unspaced, ' ') WHERE one <> ''] |
         reduce(more = parts, i IN range(0, size(run) - 1) |
           more + [n IN range(1, 16) WHERE i + n <= size(run) | substring(run, i, n)])) AS words
  UNWIND words AS word
  WITH DISTINCT word
  WHERE word <> ''
  MATCH (c:Composition {folded: normalize(word)})
  WHERE c:Token
  CALL (c) {
    RETURN c AS near
    UNION ALL
    MATCH (c)<-[:HAS_WORD]-(d:Token)
    RETURN d AS near
  }
  MATCH (near)-[:DEFAULT_RELATION]-(s:Sentence)
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
