// The composition that a text stands for; what FIND_WORD(c, $text) in other statements is filled with.
// in:  $text STRING
// out: c NODE
MATCH (c:Composition {folded: normalize(toLower($text))})
RETURN c ORDER BY WORD_ORDER(c, $text) LIMIT 1
