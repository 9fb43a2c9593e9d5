// How much compositions tell, from 0 to 1; the placeholder TELLING is filled with this.
// in:  $nodes LIST<NODE>
// out: c NODE, telling FLOAT
// Words that mean little by themselves are related to marks, letters and numbers as much as to words,
// and are in many sentences.
UNWIND $nodes AS c
OPTIONAL MATCH (c)-[:DEFAULT_RELATION]-(d)
WHERE NOT d:FRAGMENT_KINDS
WITH c, count(d) AS related, count(CASE
       WHEN NOT d:Token OR d.text =~ '(?s)(.*\\p{L}){3}.*|.*[\\p{IsHan}\\p{IsHiragana}\\p{IsKatakana}\\p{IsHangul}].*'
       THEN d END) AS telling
OPTIONAL MATCH (c)-[:SENTENCE_EVIDENCE]-(s:Sentence)
WITH c, related, telling, count(s) AS held, COUNT { (:Sentence) } AS sentences
RETURN c, ((1.0 + telling) / (1.0 + related)) ^ 8
       * CASE held WHEN 0 THEN 1.0 ELSE log10(1.0 + 1.0 * sentences / held) / log10(1.0 + sentences) END
       AS telling
