// Every composition.
// in:
// out: id INTEGER, key STRING, text STRING, kind STRING
MATCH (c:Composition)
RETURN id(c) AS id, c.key AS key, c.text AS text, c.kind AS kind
