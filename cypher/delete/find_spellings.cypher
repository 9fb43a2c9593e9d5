// Compositions that words may stand for, in order of preference: exact first, then case-insensitive.
// in:  $words LIST<STRING>
// out: word STRING, keys LIST<STRING>, ids LIST<INTEGER>
UNWIND $words AS word
MATCH (c:Composition {folded: normalize(toLower(word))})
WITH word, c ORDER BY WORD_ORDER(c, word)
RETURN word, collect(c.key) AS keys, collect(id(c)) AS ids
