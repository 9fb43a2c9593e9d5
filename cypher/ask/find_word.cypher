// The composition of a word: exact text first, then case-insensitive, words before pieces.
// in:  $word STRING
// out: key STRING, text STRING, kind STRING, exact BOOLEAN
MATCH (c:Composition {folded: normalize(toLower($word))})
RETURN c.key AS key, c.text AS text, c.kind AS kind, c.text = normalize($word) AS exact
ORDER BY exact DESC, kind DESC, text
LIMIT 1
