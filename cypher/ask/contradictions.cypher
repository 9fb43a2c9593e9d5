// The pairs of words on which sources disagree most, among the strongest 2,000 rows of every track, with the source of the highest and that of the lowest odds.
// in:  $top INTEGER, $all BOOLEAN
// out: start STRING, end STRING, spread INTEGER, consensus INTEGER, most STRING, most_odds INTEGER, most_similarity FLOAT, least STRING, least_odds INTEGER, least_overlap FLOAT
// drawn: start_node NODE, relation RELATIONSHIP, end_node NODE
// procedure: contradictions(top = 10::INTEGER, all = false::BOOLEAN)
// example: contradictions(5)
CALL () {
  MATCH (:Source {state: 'live'})-[:HAS_TRACK]->(t:Track)
  WHERE t.vote > 0 AND t.absent IS NOT NULL
  RETURN collect(t {.source, .evidence, .number, .vote, .absent}) AS tracks, [] AS nobody
}
CALL (tracks) {
  UNWIND tracks AS t
  CALL (t) {
    MATCH (c:Token)-[e:SILENT_EVIDENCE {source: t.source}]->(d:Token)
    WHERE type(e) = t.evidence AND e.support > 0 AND c <> d
    WITH c, d, e.support AS support, e.weight / 1e6 / e.n AS similarity
    ORDER BY support DESC, similarity DESC, c.key, d.key
    LIMIT CASE WHEN $top > 200 THEN 10 * $top ELSE 2000 END
    RETURN c, d
  }
  RETURN DISTINCT c, d
}
WITH c, d, tracks, nobody
WHERE $all OR READABLE(c, nobody) AND READABLE(d, nobody)
CALL (c, d) {
  MATCH (c)-[e:SILENT_EVIDENCE]-(d)
  RETURN collect(e {.source, .support, evidence: type(e), similarity: e.weight / 1e6 / e.n}) AS rows
}
WITH c, d, tracks, rows, [number IN split(coalesce(c.known, ''), '+')
                          WHERE number <> '' AND number IN split(coalesce(d.known, ''), '+')] AS both
UNWIND tracks AS t
WITH c, d, t, both, head([e IN rows WHERE e.source = t.source AND e.evidence = t.evidence]) AS e
WHERE e IS NOT NULL OR toString(t.number) IN both
WITH c, d, t.source AS source, sum(t.vote) AS votes, count(e) AS listed, max(e.similarity) AS similarity,
     sum(t.vote * coalesce(e.support, t.absent)) AS said
// A source that does not list a pair disagrees by degree, as in contested.
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
  RETURN common / sqrt((1.0 + many_c) * (1.0 + many_d)) AS overlap
}
WITH c, d, source, similarity, CASE listed WHEN 0 THEN overlap END AS overlap,
     toInteger(round(1.0 * said / votes)) + RISE(overlap) AS odds
ORDER BY odds DESC, source
WITH c, d, collect([source, odds, similarity, overlap]) AS voices
WHERE size(voices) > 1
OPTIONAL MATCH (c)-[r:DEFAULT_RELATION]-(d)
WITH c, d, r, voices[0] AS most, voices[-1] AS least, voices[0][1] - voices[-1][1] AS spread
ORDER BY spread DESC, BY_STRENGTH(r), c.key, d.key
LIMIT $top
RETURN c.text AS start, d.text AS end, THOUSANDTHS(spread, 3) AS spread, r.consensus AS consensus,
       most[0] AS most, THOUSANDTHS(most[1], 3) AS most_odds, ROUNDED(most[2], 4) AS most_similarity,
       least[0] AS least, THOUSANDTHS(least[1], 3) AS least_odds, ROUNDED(least[3], 4) AS least_overlap,
       DRAWN(c AS start_node, r AS relation, d AS end_node)
