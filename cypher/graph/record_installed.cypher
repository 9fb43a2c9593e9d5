// Record which version of the procedures is installed.
// in:  $digest STRING
// out:
MATCH (g:State {name: 'graph'})
SET g.procedures = $digest
