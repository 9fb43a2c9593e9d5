// The identity of this graph, created on first use.
// in:
// out: identity STRING
MATCH (g:State {name: 'graph'})
// Written first, so that of two who ask at once the second one waits and reads the first one's.
SET g.asked = true
WITH g
SET g.identity = coalesce(g.identity, randomUUID())
REMOVE g.asked
RETURN g.identity AS identity
