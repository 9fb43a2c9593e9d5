// Create a source in state loading, with its tracks.
// in:  $name STRING, $properties MAP, $tracks LIST OF MAP
// out: name STRING
MERGE (s:Source {name: $name})
  ON CREATE SET s.state = 'loading', s.created = datetime()
SET s += $properties
WITH s
UNWIND $tracks AS track
MERGE (t:Track {source: $name, evidence: track.evidence})
SET t += track, t.name = RECORD_NAME(Track, t)
MERGE (s)-[:HAS_TRACK]->(t)
RETURN DISTINCT s.name AS name
