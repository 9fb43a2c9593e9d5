// Answers to a question: from its words, or from matched sentences, over near questions to their answers.
// in:  $question STRING, $top INTEGER, $matches LIST OF MAP {key STRING, score FLOAT, words LIST<STRING>}
// out: answer STRING, answered BOOLEAN, score FLOAT, elo FLOAT, words LIST<STRING>, path LIST<STRING>, sources LIST<STRING>, places LIST<STRING>
// drawn: answer_node NODE, path_nodes LIST<NODE>, path_relations LIST<RELATIONSHIP>
// procedure: ask(question::STRING, top = 5::INTEGER, matches = null::LIST OF MAP)
// example: ask('How do I renew a book?', 3)
CALL () {
  // A word leads to sentences over itself, by half as much over the words related to it, and over names that contain it.
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
  WHERE word <> '' AND $matches IS NULL
  MATCH (c:Composition {folded: normalize(word)})
  WHERE c:Token
  CALL (c) {
    RETURN c AS near, 1.0 AS likeness
    UNION ALL
    MATCH (c)-[r:DEFAULT_RELATION]-(d:Token)
    WHERE r.decades > 0
    WITH d, r ORDER BY BY_STRENGTH(r), d.key LIMIT 5
    RETURN d AS near, 0.5 * r.weight / 1e6 / r.n AS likeness
    UNION ALL
    // Or one of the names that contain it is meant, each as likely as the word itself.
    MATCH (c)<-[:HAS_WORD]-(d:Token)
    WHERE EXISTS { (d)-[:SENTENCE_EVIDENCE]-(:Sentence) }
    WITH d ORDER BY size(d.words), d.key
    WITH collect(d) AS names
    UNWIND names[..5] AS d
    RETURN d AS near, 1.0 / (1 + size(names)) AS likeness
  }
  WITH word, near, likeness, COUNT { (near)-[:SENTENCE_EVIDENCE]-(:Sentence) } AS held
  WHERE held > 0
  // The rarer a word is among the sentences, the more it tells.
  WITH word, near, likeness * log10(1.0 + 1.0 * COUNT { (:Sentence) } / held) AS gain
  WITH word, collect([near, gain]) AS steps, max(gain) AS most
  WITH collect([word, steps]) AS words, sum(most) AS whole
  UNWIND words AS entry
  UNWIND entry[1] AS step
  WITH entry[0] AS word, step[0] AS near, step[1] AS gain, whole
  MATCH (near)-[r:DEFAULT_RELATION]-(s:Sentence)
  WITH s, word, whole, max(gain * r.weight / 1e6 / r.n) AS part
  ORDER BY word
  WITH s, whole, sum(part) AS gained, collect(word) AS words
  WITH s, gained / whole AS score, words
  ORDER BY score DESC, s.key
  LIMIT 50
  RETURN s, score, words
  UNION ALL
  UNWIND coalesce($matches, []) AS m
  MATCH (s:Composition {key: m.key})
  RETURN s, m.score AS score, m.words AS words
}
CALL (s, score) {
  MATCH (s)-[a:ANSWERED_BY]->(answer)
  RETURN answer, true AS answered, score AS total, a.elo AS elo, [s, answer] AS nodes, [a] AS edges
  UNION ALL
  MATCH (s)-[r:DEFAULT_RELATION]-(q:Sentence)-[a:ANSWERED_BY]->(answer)
  WHERE answer <> s
  RETURN answer, true AS answered, score * r.weight / 1e6 / r.n AS total, a.elo AS elo,
         [s, q, answer] AS nodes, [r, a] AS edges
  UNION ALL
  // A sentence that asks nothing may itself be what is looked for.
  UNWIND CASE WHEN s.text =~ '(?s)(.*[?？؟⁇⁈⁉‽⸮፧][\\p{P}\\p{S} ]*|.*\\p{IsGreek}.*\\x{3b}|.*か[。.]?|.*՞.*)' THEN [] ELSE [s] END AS answer
  RETURN answer, false AS answered, score AS total, null AS elo, [answer] AS nodes,
         [] AS edges
}
WITH answer, answered, total, elo, words, nodes, edges
ORDER BY total DESC, elo DESC, size(nodes)
WITH answer, head(collect({
  answered: answered, total: total, elo: elo, words: words, nodes: nodes, edges: edges
})) AS best
ORDER BY best.total DESC, coalesce(best.elo, 0.0) DESC, answer.key
LIMIT $top
RETURN answer.text AS answer, best.answered AS answered, ROUNDED(best.total, 4) AS score,
       ROUNDED(best.elo, 1) AS elo, best.words AS words, [one IN best.nodes | one.text] AS path,
       COLLECT {
         MATCH (answer)-[e:SENTENCE_EVIDENCE|ANSWER_EVIDENCE]-()
         RETURN DISTINCT e.source AS source ORDER BY source
       } AS sources,
       COLLECT {
         MATCH (:Source {state: 'live'})-[h:HOLDS]->(answer)
         // Page 9 before page 10.
         WITH DISTINCT h.place AS place ORDER BY split(place, '#')[0], size(place), place
         RETURN place
       } AS places,
       DRAWN(answer AS answer_node, best.nodes AS path_nodes, best.edges AS path_relations)
ORDER BY best.total DESC, coalesce(best.elo, 0.0) DESC, answer.text
