// The name of the log and the number of its entries.
// in:
// out: log STRING, size INTEGER
OPTIONAL MATCH (g:State {name: 'graph'})
RETURN g.log AS log, COUNT { (:LogEntry) } AS size
