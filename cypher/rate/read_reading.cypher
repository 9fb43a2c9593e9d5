// The version of the rules by which names were split into words.
// in:
// out: reading INTEGER
MATCH (g:State {name: 'graph'})
RETURN g.reading AS reading
