// Related words and pieces of these spellings, in lower case, one each: words before pieces.
// in:  $texts LIST<STRING>
// out: folded STRING, id INTEGER, key STRING, text STRING, kind STRING
UNWIND $texts AS text
CALL (text) {
  MATCH (c:Composition {folded: normalize(text)})
  WHERE c:ANSWERING_KINDS AND EXISTS { (c)-[:DEFAULT_RELATION]-() }
  RETURN c ORDER BY WORD_ORDER(c, text) LIMIT 1
}
RETURN text AS folded, id(c) AS id, c.key AS key, c.text AS text, c.kind AS kind
