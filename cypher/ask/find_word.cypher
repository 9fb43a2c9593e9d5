// The composition of a word: exact text first, then case-insensitive, words before pieces.
// in:  $word STRING
// out: key STRING, text STRING, kind STRING, exact BOOLEAN
CALL () {
  FIND_WORD(c, $word)
}
RETURN c.key AS key, c.text AS text, c.kind AS kind, c.text = normalize($word) AS exact
