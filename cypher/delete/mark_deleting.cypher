// Stop counting a source: from here on it is on its way out.
// in:  $name STRING
// out: name STRING
MATCH (s:Source {name: $name})
SET s.state = 'deleting'
WITH s
MATCH (g:State {name: 'graph'})
SET g.settled = false
RETURN s.name AS name
