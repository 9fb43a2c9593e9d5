// A graph's records for a backup: its name, log, removals and suppressions; times as text.
// in:
// out: log STRING, identity STRING, entries LIST OF MAP, journals LIST OF MAP, suppressions LIST OF MAP
MATCH (g:State {name: 'graph'})
RETURN g.log AS log, g.identity AS identity,
       COLLECT { MATCH (e:LogEntry) RETURN e {.*} AS row ORDER BY e.index } AS entries,
       COLLECT {
         MATCH (d:Deletion) RETURN d {.*, created: toString(d.created)} AS row ORDER BY d.number
       } AS journals,
       COLLECT {
         MATCH (s:Suppression) RETURN s {.*, created: toString(s.created)} AS row ORDER BY s.id
       } AS suppressions
