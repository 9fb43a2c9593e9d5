// The identity of this graph in the retention area; null before its first deletion.
// in:
// out: identity STRING
MATCH (g:State {name: 'graph'})
RETURN g.identity AS identity
