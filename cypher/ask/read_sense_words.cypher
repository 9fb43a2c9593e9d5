// The strongest neighbours of a word, with the sources of each pair and the positions that list it, such as layers.
// in:  $word STRING, $most INTEGER, $pieces BOOLEAN
// out: id INTEGER, key STRING, text STRING, kind STRING, decades INTEGER, sources LIST<STRING>, positions LIST<STRING>
CALL () {
  FIND_WORD(c, $word)
}
CALL () {
  MATCH (:Source {state: 'live'})-[:HAS_TRACK]->(t:Track)
  RETURN collect(t {.source, .evidence, .number, .names, .positions}) AS tracks
}
MATCH (c)-[r:DEFAULT_RELATION]-(d)
WHERE r.decades > 0 AND d <> c AND ($pieces OR NOT d:FRAGMENT_KINDS)
WITH c, d, r, tracks ORDER BY BY_STRENGTH(r), d.key LIMIT $most
CALL (c, d, tracks) {
  MATCH (c)-[e:EVIDENCE_TYPES]-(d)
  WHERE e.positions IS NOT NULL
  UNWIND tracks AS t
  WITH t, e WHERE t.source = e.source AND t.evidence = type(e)
  RETURN collect([place IN e.positions | t.source + ' ' + t.names[place]]) AS named
}
RETURN id(d) AS id, d.key AS key, d.text AS text, d.kind AS kind, r.decades AS decades,
       [t IN tracks WHERE t.number IN r.seen | t.source] AS sources,
       reduce(all = [], one IN named | all + one) AS positions
ORDER BY BY_STRENGTH(r), d.key
