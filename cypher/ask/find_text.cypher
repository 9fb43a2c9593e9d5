// Return the composition that a text stands for; the placeholder FIND_WORD is filled with this.
// in:  $text STRING
// out: c NODE
MATCH (c:Composition {folded: normalize(toLower($text))})
WHERE c:ANSWERING_KINDS
RETURN c ORDER BY WORD_ORDER(c, $text) LIMIT 1
