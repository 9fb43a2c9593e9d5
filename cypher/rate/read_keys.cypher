// The keys of compositions, and whether each is a context.
// in:  $ids LIST<INTEGER>
// out: key STRING, context BOOLEAN
UNWIND $ids AS id
MATCH (c:Composition) WHERE id(c) = id
RETURN c.key AS key, c:Context AS context
