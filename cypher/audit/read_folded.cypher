// The stored and the expected folded text of some compositions.
// in:  $ids LIST<INTEGER>
// out: text STRING, folded STRING, expected STRING
UNWIND $ids AS id
MATCH (c:Composition) WHERE id(c) = id
RETURN c.text AS text, c.folded AS folded, normalize(toLower(c.text)) AS expected
