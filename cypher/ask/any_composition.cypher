// Whether the graph holds anything.
// in:
// out: key STRING
MATCH (c:Composition)
RETURN c.key AS key
LIMIT 1
