// Record the version of the rules by which names were split into words.
// in:  $reading INTEGER
// out:
MATCH (g:State {name: 'graph'})
SET g.reading = $reading
