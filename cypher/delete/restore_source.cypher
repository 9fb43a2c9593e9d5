// Restore a source and its tracks, not yet live.
// in:  $name STRING, $properties MAP, $created STRING, $tracks LIST OF MAP
// out: name STRING
MERGE (s:Source {name: $name})
SET s += $properties
SET s.state = 'loading', s.created = datetime($created)
WITH s
UNWIND $tracks AS track
MERGE (t:Track {source: $name, evidence: track.evidence})
SET t += track, t.name = RECORD_NAME(Track, t)
MERGE (s)-[:HAS_TRACK]->(t)
RETURN DISTINCT s.name AS name
