// Mark names with their words, folded as look-ups fold them; unmark those without words.
// in:  $ids LIST<INTEGER>, $words LIST OF LIST<STRING>
// out:
UNWIND range(0, size($ids) - 1) AS i
MATCH (c:Composition) WHERE id(c) = $ids[i]
FOREACH (_ IN CASE WHEN $words[i] = [] THEN [] ELSE [1] END |
  SET c:Phrase, c.words = [word IN $words[i] | normalize(toLower(word))])
FOREACH (_ IN CASE WHEN $words[i] = [] THEN [1] ELSE [] END |
  REMOVE c:Phrase, c.words)
