// Mark the graph as not settled: a rating pass is due or running.
// in:
// out:
MATCH (g:State {name: 'graph'})
SET g.settled = false
