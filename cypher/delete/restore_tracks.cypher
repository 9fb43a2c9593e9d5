// Add restored counts to tracks and visits, and make completely restored sources live.
// in:  $gained MAP OF source TO MAP OF evidence type TO MAP, $visited MAP OF source TO LIST<INTEGER>, $whole LIST<STRING>
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
CALL () {
  UNWIND keys($visited) AS source
  MATCH (s:Source {name: source})
  // Loaded by a version that kept no digest, a source has none to add to.
  WHERE s.visited IS NOT NULL
  SET s.visited = [i IN range(0, size(s.visited) - 1) |
                   (s.visited[i] + $visited[source][i]) % 4611686018427387904]
  RETURN count(s) AS sources
}
FOREACH (name IN $whole | MERGE (s:Source {name: name}) SET s.state = 'live')
RETURN tracks
