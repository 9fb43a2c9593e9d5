// Make a loaded source live, mark its predecessor for deletion, and mark the graph as not settled.
// in:  $name STRING, $replaced STRING
// out: name STRING
MATCH (s:Source {name: $name})
SET s.state = 'live'
WITH s
MATCH (g:State {name: 'graph'})
SET g.settled = false
WITH s
CALL (s) {
  OPTIONAL MATCH (old:Source {name: $replaced})
  FOREACH (_ IN CASE WHEN old IS NULL THEN [] ELSE [1] END |
    SET old.state = 'deleting' REMOVE old.becomes)
}
CALL (s) {
  MATCH (s)-[:HAS_TRACK]->(t:Track)
  OPTIONAL MATCH (b:Batch {source: s.name, evidence: t.evidence})
  WITH t, sum(b.rows) AS rows, sum(b.digest[0]) AS d0, sum(b.digest[1]) AS d1,
       sum(b.digest[2]) AS d2, sum(b.digest[3]) AS d3
  SET t.rows = rows, t.digest = [d0, d1, d2, d3]
}
RETURN s.name AS name
