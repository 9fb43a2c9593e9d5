// The record of sources: kind, origin, licence and counts of each.
// in:
// out: name STRING, kind STRING, state STRING, licence STRING, family STRING, subject STRING, importer STRING, digest STRING, options STRING, files STRING, bytes INTEGER, parameters INTEGER, evidence INTEGER, distrusted STRING, created STRING
MATCH (s:Source)
OPTIONAL MATCH (s)-[:HAS_TRACK]->(t:Track)
RETURN s.name AS name, s.kind AS kind, s.state AS state, s.licence AS licence, s.family AS family,
       s.subject AS subject, s.importer AS importer, s.digest AS digest, s.options AS options,
       s.files AS files, s.bytes AS bytes, s.parameters AS parameters, sum(toIntegerOrNull(t.rows)) AS evidence,
       s.distrusted AS distrusted, toString(s.created) AS created
ORDER BY name
