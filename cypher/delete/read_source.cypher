// A source and its tracks with all properties, for restoring them; times as text.
// in:  $name STRING
// out: source MAP, created STRING, tracks LIST OF MAP
MATCH (s:Source {name: $name})-[:HAS_TRACK]->(t:Track)
WITH s, t ORDER BY t.evidence
RETURN s {.*, created: null} AS source, toString(s.created) AS created,
       collect(t {.*, number: null}) AS tracks
