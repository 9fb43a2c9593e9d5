// Every track with its source and all properties.
// in:
// out: source STRING, state STRING, lineage INTEGER, distrusted STRING, visited LIST<INTEGER>, visits INTEGER, track MAP
MATCH (s:Source)
OPTIONAL MATCH (s)-[:HAS_TRACK]->(t:Track)
RETURN s.name AS source, s.state AS state, s.lineage AS lineage, s.distrusted AS distrusted,
       s.visited AS visited, COUNT { (s)-[:VISITED]->() } AS visits, t {.*} AS track
ORDER BY source, t.evidence
