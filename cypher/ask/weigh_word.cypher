// How much a composition tells, from 0 to 1; the placeholder TELLING is filled with this.
// in:
// out: telling FLOAT
// Words that mean little by themselves are related to marks, letters and numbers as much as to words,
// and are in many sentences.
MATCH (c) WITH c LIMIT 1
WITH c, COUNT { (c)-[:DEFAULT_RELATION]-(d) WHERE NOT d:FRAGMENT_KINDS } AS related,
     COUNT {
       (c)-[:DEFAULT_RELATION]-(d)
       WHERE NOT d:FRAGMENT_KINDS
         AND (NOT d:Token OR d.text =~ '(?s)(.*\\p{L}){3}.*|.*[\\p{IsHan}\\p{IsHiragana}\\p{IsKatakana}\\p{IsHangul}].*')
     } AS telling,
     COUNT { (c)-[:SENTENCE_EVIDENCE]-(:Sentence) } AS held, COUNT { (:Sentence) } AS sentences
RETURN ((1.0 + telling) / (1.0 + related)) ^ 8
       * CASE held WHEN 0 THEN 1.0 ELSE log10(1.0 + 1.0 * sentences / held) / log10(1.0 + sentences) END
       AS telling
