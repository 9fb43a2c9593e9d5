// Counts of each live track: positions, pairs, observations, and pairs left out.
// in:
// out: source STRING, evidence STRING, positions INTEGER, minimum INTEGER, pairs INTEGER, observations INTEGER, below INTEGER
MATCH (:Source {state: 'live'})-[:HAS_TRACK]->(t:Track)
RETURN t.source AS source, t.evidence AS evidence, t.positions AS positions, t.minimum AS minimum,
       t.rows AS pairs, t.observations AS observations, t.below AS below
ORDER BY source, evidence
