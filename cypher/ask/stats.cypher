// Counts of the graph.
// in:
// out: compositions INTEGER, tokens INTEGER, pieces INTEGER, sources INTEGER, evidence INTEGER, observations INTEGER, relations INTEGER, relations_of_several INTEGER, relations_by_type MAP, bytes_of_models INTEGER, settled BOOLEAN, epoch INTEGER
// procedure: stats()
// example: stats()
MATCH (g:State {name: 'graph'})
WITH g, RATED_COUNTS AS counted
CALL () {
  OPTIONAL MATCH (s:Source {state: 'live'})
  RETURN count(s) AS sources, sum(s.bytes) AS bytes
}
CALL () {
  OPTIONAL MATCH (:Source {state: 'live'})-[:HAS_TRACK]->(t:Track)
  RETURN sum(t.rows) AS evidence, sum(t.observations) AS observations
}
CALL () {
  MATCH ()-[r:RATED_TYPES]->()
  WHERE r.sources > 1
  RETURN count(r) AS several
}
RETURN COUNT { (:Composition) } AS compositions, COUNT { (:Token) } AS tokens,
       COUNT { (:Piece) } AS pieces, sources, evidence, observations,
       reduce(sum = 0, type IN keys(counted) | sum + counted[type]) AS relations,
       several AS relations_of_several, counted AS relations_by_type,
       bytes AS bytes_of_models, g.settled AS settled, g.epoch AS epoch
