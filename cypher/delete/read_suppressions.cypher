// The suppressions, with their creation times.
// in:
// out: id STRING, kind STRING, match STRING, words INTEGER, any_case BOOLEAN, deletion STRING, created STRING
MATCH (s:Suppression)
RETURN s.id AS id, s.kind AS kind, s.match AS match, s.words AS words, s.any_case AS any_case,
       s.deletion AS deletion, toString(s.created) AS created
ORDER BY created, id
