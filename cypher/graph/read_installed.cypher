// The digest of the installed procedures.
// in:
// out: digest STRING
MATCH (g:State {name: 'graph'})
RETURN g.procedures AS digest
