// The sources in the graph, with their counts.
// in:
// out: name STRING, kind STRING, state STRING, family STRING, licence STRING, subject STRING, evidence INTEGER, observations INTEGER, vocabulary INTEGER, parameters INTEGER, bytes INTEGER, created STRING, lineage INTEGER, distrusted STRING, hubness FLOAT
// procedure: sources()
// example: sources()
MATCH (s:Source)
OPTIONAL MATCH (s)-[:HAS_TRACK]->(t:Track)
RETURN s.name AS name, s.kind AS kind, s.state AS state, s.family AS family,
       s.licence AS licence, s.subject AS subject, sum(t.rows) AS evidence,
       sum(t.observations) AS observations, max(t.vocabulary) AS vocabulary,
       s.parameters AS parameters, s.bytes AS bytes, toString(s.created) AS created,
       s.lineage AS lineage, s.distrusted AS distrusted, ROUNDED(s.hubness, 4) AS hubness
ORDER BY name
