// Restore a backup's records into a graph; repeating it changes nothing.
// in:  $log STRING, $identity STRING, $entries LIST OF MAP, $journals LIST OF MAP, $suppressions LIST OF MAP
// out: entries INTEGER
MATCH (g:State {name: 'graph'})
SET g.log = $log, g.identity = $identity
FOREACH (row IN $journals |
  MERGE (d:Deletion {id: row.id}) SET d += row
  SET d.created = datetime(row.created), d.name = RECORD_NAME(Deletion, d))
FOREACH (row IN $suppressions |
  MERGE (s:Suppression {id: row.id})
  SET s += row
  SET s.created = coalesce(datetime(row.created), datetime()), s.name = RECORD_NAME(Suppression, s))
FOREACH (row IN $entries | MERGE (e:LogEntry {index: row.index}) SET e += row)
WITH count(*) AS once
OPTIONAL MATCH (e:LogEntry)
WHERE e.index > 0
MATCH (before:LogEntry {index: e.index - 1})
MERGE (before)-[:NEXT]->(e)
RETURN count(e) AS entries
