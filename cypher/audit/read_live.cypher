// The live sources.
// in:
// out: name STRING, digest STRING
MATCH (s:Source {state: 'live'})
RETURN s.name AS name, s.digest AS digest
ORDER BY name
