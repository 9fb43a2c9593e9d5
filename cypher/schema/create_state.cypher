// Create the state node of an empty graph; an existing one is kept.
// in:  $formula INTEGER
// out:
MERGE (s:State {name: 'graph'})
  ON CREATE SET s.settled = true, s.epoch = 0, s.formula = $formula
