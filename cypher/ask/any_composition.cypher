// Whether the graph has any composition.
// in:
// out: key STRING
MATCH (c:Composition)
RETURN c.key AS key
LIMIT 1
