// Close the journal of a removal: delete its ledger and mark the graph settled.
// in:  $id STRING, $state STRING, $formula INTEGER
// out: epoch INTEGER
MATCH (d:Deletion {id: $id})
SET d.state = $state
WITH d
OPTIONAL MATCH (b:Batch {source: d.id})
WITH d, collect(b) AS ledger
FOREACH (b IN ledger | DELETE b)
WITH d
MATCH (g:State {name: 'graph'})
SET g.settled = true, g.epoch = g.epoch + CASE WHEN g.settled THEN 0 ELSE 1 END, g.formula = $formula
RETURN g.epoch AS epoch
