// What this graph is called where its deletions are kept; null before its first one.
// in:
// out: identity STRING
MATCH (g:State {name: 'graph'})
RETURN g.identity AS identity
