// Give the log another name: heads of the earlier one vouch for it no longer.
// in:  $fresh STRING
// out: log STRING
MATCH (g:State {name: 'graph'})
SET g.log = $fresh
RETURN g.log AS log
