// The compositions that words stand for, exact first, then without regard to case; null where none.
// in:  $words LIST<STRING>
// out: key STRING, id INTEGER, text STRING, kind STRING, exact BOOLEAN
UNWIND range(0, size($words) - 1) AS i
CALL (i) {
  OPTIONAL FIND_WORD(c, $words[i])
}
RETURN c.key AS key, id(c) AS id, c.text AS text, c.kind AS kind,
       c.text = normalize($words[i]) AS exact
ORDER BY i
