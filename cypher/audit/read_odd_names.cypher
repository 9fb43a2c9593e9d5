// The stored and the expected name of some compositions.
// in:  $ids LIST<INTEGER>
// out: text STRING, name STRING, expected STRING
UNWIND $ids AS id
MATCH (c:Composition) WHERE id(c) = id
RETURN c.text AS text, c.name AS name, OWN_NAME(c.kind, c.text) AS expected
