// The symbols of exact texts, or else those whose text has a name in it; the caller tells which end with it.
// in:  $texts LIST<STRING>, $name STRING
// out: symbol STRING
CALL () {
  UNWIND $texts AS text
  MATCH (c:Composition {folded: toLower(text)})
  WHERE c:Symbol AND c.text = text
  RETURN collect(c.text) AS exact
}
CALL (exact) {
  WITH exact WHERE size(exact) > 0
  UNWIND exact AS symbol
  RETURN symbol
  UNION
  WITH exact WHERE size(exact) = 0
  MATCH (c:Symbol)
  WHERE c.text ENDS WITH $name OR c.text CONTAINS ($name + '(')
  RETURN c.text AS symbol
}
RETURN DISTINCT symbol
ORDER BY symbol
LIMIT 1000
