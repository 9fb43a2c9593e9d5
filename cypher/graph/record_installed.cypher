// Record the digest of the installed procedures.
// in:  $digest STRING
// out:
MATCH (g:State {name: 'graph'})
SET g.procedures = $digest
