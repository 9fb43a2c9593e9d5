// Which log the graph holds, and how many entries it has.
// in:
// out: log STRING, size INTEGER
OPTIONAL MATCH (g:State {name: 'graph'})
RETURN g.log AS log, COUNT { (:LogEntry) } AS size
