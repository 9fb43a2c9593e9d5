// What tells this graph from others, made up when it is asked for the first time.
// in:
// out: identity STRING
MATCH (g:State {name: 'graph'})
SET g.identity = coalesce(g.identity, randomUUID())
RETURN g.identity AS identity
