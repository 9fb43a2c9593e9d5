// Lock the log for writing; return its name, whether the act is logged already, the entry's index and its time.
// in:  $key STRING, $fresh STRING
// out: log STRING, index INTEGER, known INTEGER, at STRING
MATCH (g:State {name: 'graph'})
SET g.log = coalesce(g.log, $fresh)
WITH g
OPTIONAL MATCH (e:LogEntry {key: $key})
RETURN g.log AS log, COUNT { (:LogEntry) } AS index, e.index AS known,
       toString(datetime.truncate('second', datetime({timezone: 'Z'}))) AS at
