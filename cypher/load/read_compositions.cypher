// Every composition, in the order of the keys.
// in:
// out: key STRING, kind STRING, text STRING, own MAP
MATCH (c:Composition)
WHERE c.key >= ''
RETURN c.key AS key, c.kind AS kind, c.text AS text, c {OWN_PROPERTIES} AS own
ORDER BY c.key
