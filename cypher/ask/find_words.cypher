// The compositions of words, exact first, then case-insensitive; null if there is none.
// in:  $words LIST<STRING>
// out: key STRING, id INTEGER, text STRING, kind STRING, exact BOOLEAN
UNWIND range(0, size($words) - 1) AS i
CALL (i) {
  OPTIONAL MATCH (c:Composition {folded: normalize(toLower($words[i]))})
  RETURN c ORDER BY c.text = normalize($words[i]) DESC, c.kind DESC, c.text LIMIT 1
}
RETURN c.key AS key, id(c) AS id, c.text AS text, c.kind AS kind,
       c.text = normalize($words[i]) AS exact
ORDER BY i
