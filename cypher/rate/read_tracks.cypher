// The tracks of all sources with their constants for rating.
// in:
// out: source STRING, state STRING, evidence STRING, number INTEGER, trust INTEGER, vote INTEGER, lineage INTEGER, distrusted STRING, absent INTEGER, replaces STRING, rows INTEGER, digest LIST<INTEGER>, positions INTEGER, k INTEGER, vocabulary INTEGER, total INTEGER
MATCH (s:Source)-[:HAS_TRACK]->(t:Track)
RETURN s.name AS source, s.state AS state, t.evidence AS evidence, t.number AS number,
       t.trust AS trust, t.vote AS vote, s.lineage AS lineage, s.distrusted AS distrusted,
       t.absent AS absent, s.replaces AS replaces, t.rows AS rows, t.digest AS digest,
       t.positions AS positions, t.k AS k, t.vocabulary AS vocabulary, t.total AS total
ORDER BY number
