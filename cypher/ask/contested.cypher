// A word's relations of a type with the largest disagreement between sources, with each source's odds.
// in:  $word STRING, $top INTEGER, $type STRING
// out: neighbour STRING, spread INTEGER, consensus INTEGER, most STRING, most_odds INTEGER, least STRING, least_odds INTEGER, sources INTEGER, direction STRING
// drawn: word_node NODE, relation RELATIONSHIP, neighbour_node NODE
// procedure: contested(word::STRING, top = 10::INTEGER, type = RELATES::STRING)
// example: contested('king', 5)
CALL () {
  FIND_WORD(c, $word)
}
CALL () {
  MATCH (:Source {state: 'live'})-[:HAS_TRACK]->(t:Track)
  WHERE t.vote > 0 AND FEEDS[t.evidence] = $type
  RETURN collect(t {.source, .evidence, .number, .vote, .absent}) AS tracks
}
// A rated edge has no source and an evidence edge no elo; one walk over all of a word's edges. The
// evidence of a pair runs as its rated edge does.
MATCH (c)-[x:EVIDENCE_TYPES|RATED_TYPES]-(d)
WHERE (type(x) = $type OR FEEDS[type(x)] = $type) AND NOT d:FRAGMENT_KINDS AND NOT d:UNCONNECTED_KINDS
WITH c, d, tracks, startNode(x) AS begin, collect(CASE WHEN x.elo IS NOT NULL THEN x END)[0] AS r,
     collect(CASE WHEN x.source IS NOT NULL THEN x {.source, .support, type: type(x)} END) AS edges
WHERE r IS NOT NULL
// Silence speaks where a track knows both ends; a row does wherever it is.
WITH c, d, r, edges, tracks,
     [number IN split(c.known, '+') WHERE number <> '' AND number IN split(d.known, '+')] AS both
UNWIND tracks AS t
WITH c, d, r, t, both, head([e IN edges WHERE e.source = t.source AND e.type = t.evidence]) AS e
WHERE e IS NOT NULL OR toString(t.number) IN both
WITH c, d, r, t.source AS source, sum(t.vote) AS votes, count(e) AS listed,
     sum(t.vote * coalesce(e.support, t.absent)) AS said
// A source that does not list a pair disagrees by degree: its odds rise with the overlap of the two in
// it, as affinity does. Their rows are the sets of their neighbours, and themselves.
CALL (c, d, source, listed) {
  CALL (c, d, source, listed) {
    WITH c, d, source WHERE listed = 0
    MATCH (c)-[x:SILENT_EVIDENCE {source: source}]-(m) WHERE x.support > 0
    RETURN DISTINCT m, 1 AS of_c, 0 AS of_d
    UNION ALL
    WITH c, d, source WHERE listed = 0
    MATCH (d)-[x:SILENT_EVIDENCE {source: source}]-(m) WHERE x.support > 0
    RETURN DISTINCT m, 0 AS of_c, 1 AS of_d
  }
  WITH m, sum(of_c) AS of_c, sum(of_d) AS of_d
  WITH sum(of_c) AS many_c, sum(of_d) AS many_d, sum(of_c * of_d) AS common
  RETURN RISE(common / sqrt((1.0 + many_c) * (1.0 + many_d))) AS rise
}
WITH c, d, r, source, toInteger(round(1.0 * said / votes)) + rise AS odds
ORDER BY odds DESC, source
WITH c, d, r, collect([source, odds]) AS voices
WHERE size(voices) > 1
WITH c, d, r, voices, voices[0][1] - voices[-1][1] AS spread
ORDER BY spread DESC, BY_STRENGTH(r), d.text, id(r)
LIMIT $top
RETURN d.text AS neighbour, THOUSANDTHS(spread, 3) AS spread, r.consensus AS consensus,
       voices[0][0] AS most, THOUSANDTHS(voices[0][1], 3) AS most_odds,
       voices[-1][0] AS least, THOUSANDTHS(voices[-1][1], 3) AS least_odds, size(voices) AS sources,
       CASE WHEN c = d THEN 'itself' WHEN r:UNDIRECTED_TYPES THEN 'none'
            WHEN startNode(r) = c THEN 'out' ELSE 'in' END AS direction,
       DRAWN(c AS word_node, r AS relation, d AS neighbour_node)
