// Which version of the procedures was installed last.
// in:
// out: digest STRING
MATCH (g:State {name: 'graph'})
RETURN g.procedures AS digest
