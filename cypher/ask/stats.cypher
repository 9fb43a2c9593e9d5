// Counts of the graph.
// in:
// out: compositions INTEGER, tokens INTEGER, pieces INTEGER, sources INTEGER, evidence INTEGER, observations INTEGER, relations INTEGER, relations_of_several INTEGER, bytes_of_models INTEGER, settled BOOLEAN, epoch INTEGER
// procedure: stats()
MATCH (g:State {name: 'graph'})
CALL () {
  OPTIONAL MATCH (s:Source {state: 'live'})
  RETURN count(s) AS sources, sum(s.bytes) AS bytes
}
CALL () {
  OPTIONAL MATCH (:Source {state: 'live'})-[:HAS_TRACK]->(t:Track)
  RETURN sum(t.rows) AS evidence, sum(t.observations) AS observations
}
CALL () {
  MATCH ()-[r:DEFAULT_RELATION]->()
  WHERE r.sources > 1
  RETURN count(r) AS several
}
RETURN COUNT { (:Composition) } AS compositions, COUNT { (:Token) } AS tokens,
       COUNT { (:Piece) } AS pieces, sources, evidence, observations,
       COUNT { ()-[:DEFAULT_RELATION]->() } AS relations, several AS relations_of_several,
       bytes AS bytes_of_models, g.settled AS settled, g.epoch AS epoch
