// Give the log a new name, which the heads of the earlier one no longer cover.
// in:  $fresh STRING
// out: log STRING
MATCH (g:State {name: 'graph'})
SET g.log = $fresh
RETURN g.log AS log
