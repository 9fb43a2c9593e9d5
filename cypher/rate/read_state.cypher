// The state of the graph's ratings.
// in:
// out: settled BOOLEAN, epoch INTEGER, formula INTEGER, unrated INTEGER
MATCH (g:State {name: 'graph'})
RETURN g.settled AS settled, g.epoch AS epoch, g.formula AS formula,
       COUNT { (:Unrated) } AS unrated
