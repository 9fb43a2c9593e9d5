// Mark the graph settled: every rating follows from the evidence by this version's formulas.
// in:  $formula INTEGER
// out: epoch INTEGER
MATCH (g:State {name: 'graph'})
SET g.settled = true, g.epoch = g.epoch + 1, g.formula = $formula
RETURN g.epoch AS epoch
