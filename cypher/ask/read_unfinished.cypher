// Whether every rating follows from the evidence, and the sources that are being brought in or removed.
// in:
// out: settled BOOLEAN, sources LIST<MAP>
MATCH (g:State {name: 'graph'})
CALL () {
  MATCH (s:Source)
  WHERE s.state <> 'live' OR s.becomes IS NOT NULL
  WITH s ORDER BY s.name
  RETURN collect({name: s.name, state: CASE WHEN s.becomes IS NULL THEN s.state ELSE 'replacing' END}) AS sources
}
RETURN g.settled AS settled, sources
