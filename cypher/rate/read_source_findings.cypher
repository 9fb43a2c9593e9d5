// Findings on each live source: its vote, its near-copies, its hub, its tracks without trust.
// in:  $overlap FLOAT
// out: name STRING, lineage INTEGER, distrusted STRING, hubness FLOAT, copies LIST OF LIST, untrusted LIST<STRING>
MATCH (s:Source {state: 'live'})
CALL (s) {
  OPTIONAL MATCH (s)-[g:AGREES_WITH]-(other:Source {state: 'live'})
  WHERE g.overlap >= $overlap
  WITH other, g ORDER BY other.name
  RETURN collect(CASE WHEN other IS NOT NULL THEN [other.name, g.overlap] END) AS copies
}
RETURN s.name AS name, s.lineage AS lineage, s.distrusted AS distrusted, s.hubness AS hubness, copies,
       COLLECT {
         MATCH (s)-[:HAS_TRACK]->(t:Track {trust: 0}) WHERE t.rows > 0
         RETURN t.evidence AS evidence ORDER BY evidence
       } AS untrusted
ORDER BY name
