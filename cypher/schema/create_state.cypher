// Create the state of an empty graph; an existing one stays.
// in:  $formula INTEGER
// out:
MERGE (s:State {name: 'graph'})
  ON CREATE SET s.settled = true, s.epoch = 0, s.formula = $formula
