// Mark that another version's rows are being written over a source's own, and the graph as not settled.
// in:  $name STRING, $bundle STRING
// out: name STRING
MATCH (s:Source {name: $name})
SET s.created = CASE WHEN s.becomes IS NULL THEN datetime() ELSE s.created END
SET s.becomes = $bundle
WITH s
MATCH (g:State {name: 'graph'})
SET g.settled = false
RETURN s.name AS name
