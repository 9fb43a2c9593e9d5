// The compositions of words, exact first, then case-insensitive; null if there is none.
// in:  $words LIST<STRING>
// out: key STRING, id INTEGER, text STRING, kind STRING, exact BOOLEAN
UNWIND range(0, size($words) - 1) AS i
CALL (i) {
  OPTIONAL FIND_WORD(c, $words[i])
}
RETURN c.key AS key, id(c) AS id, c.text AS text, c.kind AS kind,
       c.text = normalize($words[i]) AS exact
ORDER BY i
