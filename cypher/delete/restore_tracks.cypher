// Add to tracks what came back to them, and let sources that came back whole count.
// in:  $gained MAP OF source TO MAP OF evidence type TO MAP, $whole LIST<STRING>
// out: tracks INTEGER
CALL () {
  UNWIND keys($gained) AS source
  UNWIND keys($gained[source]) AS evidence
  MATCH (t:Track {source: source, evidence: evidence})
  WITH t, $gained[source][evidence] AS more
  SET t.rows = t.rows + more.rows, t.observations = t.observations + more.observations,
      t.digest = [i IN range(0, size(t.digest) - 1) | t.digest[i] + more.digest[i]]
  RETURN count(t) AS tracks
}
FOREACH (name IN $whole | MERGE (s:Source {name: name}) SET s.state = 'live')
RETURN tracks
