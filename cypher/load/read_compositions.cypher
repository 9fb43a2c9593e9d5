// Every composition, in the order of the keys.
// in:
// out: key STRING, kind STRING, text STRING
MATCH (c:Composition)
WHERE c.key >= ''
RETURN c.key AS key, c.kind AS kind, c.text AS text
ORDER BY c.key
