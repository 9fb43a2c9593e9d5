// The state of the graph: what its ratings were computed from, by source and track.
// in:
// out: settled BOOLEAN, epoch INTEGER, formula INTEGER, tracks LIST<MAP>
MATCH (g:State {name: 'graph'})
CALL () {
  MATCH (s:Source)-[:HAS_TRACK]->(t:Track)
  WHERE s.state <> 'loading'
  WITH s, t ORDER BY s.name, t.evidence
  RETURN collect(t {.source, .evidence, .number, .rows, .digest, .vote,
                    state: s.state, created: toString(s.created)}) AS tracks
}
RETURN g.settled AS settled, g.epoch AS epoch, g.formula AS formula, tracks
