// The files of each live source.
// in:
// out: name STRING, files STRING
MATCH (s:Source {state: 'live'})
RETURN s.name AS name, s.files AS files
ORDER BY name
