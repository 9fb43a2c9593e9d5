// Say that every rating is that of the evidence, by this version of the formulas.
// in:  $formula INTEGER
// out: epoch INTEGER
MATCH (g:State {name: 'graph'})
SET g.settled = true, g.epoch = g.epoch + 1, g.formula = $formula
RETURN g.epoch AS epoch
