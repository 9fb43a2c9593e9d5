// The facts in the digest of a graph's state: every source and track, without times and numbers.
// in:
// out: source MAP, tracks LIST OF MAP, visits INTEGER, places INTEGER
MATCH (s:Source)
OPTIONAL MATCH (s)-[:HAS_TRACK]->(t:Track)
WITH s, t ORDER BY s.name, t.evidence
WITH s, collect(t {.evidence, .trust, .vote, .absent, .rows, .observations, .digest}) AS tracks
RETURN s {.name, .state, .digest, .subject, .licence, .family, .lineage, .distrusted} AS source,
       tracks, COUNT { (s)-[:VISITED]->() } AS visits, COUNT { (s)-[:HOLDS]->() } AS places
ORDER BY s.name
