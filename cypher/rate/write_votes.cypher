// Set the votes of sources' tracks, as shares of their trust.
// in:  $votes MAP OF source TO [divisor, reason STRING or null]
// out: tracks INTEGER
UNWIND keys($votes) AS name
MATCH (s:Source {name: name})-[:HAS_TRACK]->(t:Track)
WITH s, t, $votes[name][0] AS divisor, $votes[name][1] AS reason
SET s.lineage = divisor, s.distrusted = reason,
    t.vote = CASE WHEN reason IS NULL THEN (2000 * t.trust + divisor) / (2 * divisor) ELSE 0 END
RETURN count(t) AS tracks
