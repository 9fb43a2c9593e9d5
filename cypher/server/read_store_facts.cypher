// Facts that identify a store: its counts, its log, and the log's last entry.
// in:
// out: identity STRING, log STRING, sources INTEGER, compositions INTEGER, entries INTEGER
OPTIONAL MATCH (g:State {name: 'graph'})
RETURN g.identity AS identity, g.log AS log,
       COUNT { (:Source) } AS sources, COUNT { (:Composition) } AS compositions,
       COUNT { (:LogEntry) } AS entries
