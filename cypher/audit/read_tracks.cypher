// Every track with its source and all properties.
// in:
// out: source STRING, state STRING, lineage INTEGER, distrusted STRING, visited LIST<INTEGER>, visits INTEGER, held LIST<INTEGER>, places INTEGER, track MAP
MATCH (s:Source)
OPTIONAL MATCH (s)-[:HAS_TRACK]->(t:Track)
RETURN s.name AS source, s.state AS state, s.lineage AS lineage, s.distrusted AS distrusted,
       s.visited AS visited, COUNT { (s)-[:VISITED]->() } AS visits,
       s.held AS held, COUNT { (s)-[:HOLDS]->() } AS places, t {.*} AS track
ORDER BY source, t.evidence
