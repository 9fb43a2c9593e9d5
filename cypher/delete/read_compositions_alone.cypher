// Compositions by database id, in the order asked, with the properties of their kinds.
// in:  $ids LIST<INTEGER>
// out: id INTEGER, key STRING, text STRING, kind STRING, own MAP
UNWIND $ids AS id
MATCH (c:Composition) WHERE id(c) = id
RETURN id, c.key AS key, c.text AS text, c.kind AS kind, c {OWN_PROPERTIES} AS own
