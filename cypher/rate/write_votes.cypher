// Set the votes of sources' tracks, as shares of their trust; of tracks of judgements, of the trust of the person.
// in:  $votes MAP OF source TO [divisor, reason STRING or null, trust of the person INTEGER or null], $judged LIST<STRING>
// out: tracks INTEGER
UNWIND keys($votes) AS name
MATCH (s:Source {name: name})-[:HAS_TRACK]->(t:Track)
WITH s, t, $votes[name][0] AS divisor, $votes[name][1] AS reason,
     CASE WHEN t.evidence IN $judged THEN coalesce($votes[name][2], t.trust) ELSE t.trust END AS trust
SET s.lineage = divisor, s.distrusted = reason,
    t.vote = CASE WHEN reason IS NULL THEN toInteger(floor((2000.0 * trust + divisor) / (2 * divisor))) ELSE 0 END
RETURN count(t) AS tracks
