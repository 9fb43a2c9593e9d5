// Compositions by database id.
// in:  $ids LIST<INTEGER>
// out: id INTEGER, key STRING, text STRING, kind STRING, known STRING
UNWIND $ids AS id
MATCH (c:Composition) WHERE id(c) = id
RETURN id, c.key AS key, c.text AS text, c.kind AS kind, c.known AS known
