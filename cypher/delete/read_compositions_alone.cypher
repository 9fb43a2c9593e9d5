// Compositions by database id, in the given order.
// in:  $ids LIST<INTEGER>
// out: id INTEGER, key STRING, text STRING, kind STRING
UNWIND $ids AS id
MATCH (c:Composition) WHERE id(c) = id
RETURN id, c.key AS key, c.text AS text, c.kind AS kind
