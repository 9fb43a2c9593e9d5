// The tracks of live sources that vote in the consensus.
// in:
// out: source STRING, evidence STRING, number INTEGER, vote INTEGER, absent INTEGER
MATCH (:Source {state: 'live'})-[:HAS_TRACK]->(t:Track)
WHERE t.vote > 0 AND t.absent IS NOT NULL
RETURN t.source AS source, t.evidence AS evidence, t.number AS number, t.vote AS vote, t.absent AS absent
ORDER BY source, evidence
