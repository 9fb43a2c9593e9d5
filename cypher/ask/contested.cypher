// A word's pairs with the largest disagreement between sources that know both ends, with each source's odds.
// in:  $word STRING, $top INTEGER
// out: neighbour STRING, spread INTEGER, consensus INTEGER, most STRING, most_odds INTEGER, least STRING, least_odds INTEGER, sources INTEGER
// procedure: contested(word::STRING, top = 10::INTEGER)
CALL () {
  FIND_WORD(c, $word)
}
MATCH (:Source {state: 'live'})-[:HAS_TRACK]->(t:Track)
WHERE t.vote > 0 AND toString(t.number) IN split(c.known, '+')
WITH c, collect(t {.source, .evidence, .number, .vote, .absent}) AS tracks
// A rated edge has no source and an evidence edge no elo; one walk over all of a word's edges.
MATCH (c)-[x:EVIDENCE_TYPES|RATED_TYPE]-(d:Token)
WITH d, tracks, collect(CASE WHEN x.elo IS NOT NULL THEN x END)[0] AS r,
     collect(CASE WHEN x.source IS NOT NULL THEN x {.source, .support, type: type(x)} END) AS edges
WHERE r IS NOT NULL
WITH d, r, edges, [t IN tracks WHERE toString(t.number) IN split(d.known, '+')] AS tracks
UNWIND tracks AS t
WITH d, r, t, head([e IN edges WHERE e.source = t.source AND e.type = t.evidence]) AS e
WITH d, r, t.source AS source, sum(t.vote) AS votes,
     sum(t.vote * coalesce(e.support, t.absent)) AS said
WITH d, r, source, toInteger(round(1.0 * said / votes)) AS odds
ORDER BY odds DESC, source
WITH d, r, collect([source, odds]) AS voices
WHERE size(voices) > 1
RETURN d.text AS neighbour, voices[0][1] - voices[-1][1] AS spread, r.consensus AS consensus,
       voices[0][0] AS most, voices[0][1] AS most_odds,
       voices[-1][0] AS least, voices[-1][1] AS least_odds, size(voices) AS sources
ORDER BY spread DESC, consensus DESC, neighbour
LIMIT $top
