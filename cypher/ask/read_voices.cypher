// What each track says of pairs of words, and how far each source's rows of the two overlap; consensus of the pair.
// in:  $pairs LIST<LIST<INTEGER>>
// out: i INTEGER, start STRING, end STRING, start_key STRING, end_key STRING, start_known STRING, end_known STRING, consensus INTEGER, elo FLOAT, rows LIST<MAP>, overlaps LIST<MAP>
UNWIND range(0, size($pairs) - 1) AS i
MATCH (c:Composition) WHERE id(c) = $pairs[i][0]
MATCH (d:Composition) WHERE id(d) = $pairs[i][1]
CALL (c, d) {
  MATCH (c)-[e:EVIDENCE_TYPES]-(d)
  WHERE e.support IS NOT NULL
  RETURN collect(e {.source, .support, evidence: type(e), similarity: e.weight / 1e6 / e.n}) AS rows
}
// Of a source that lists neither for the other: the cosine of their rows, each the set of its neighbours and itself.
CALL (c, d) {
  CALL (c, d) {
    MATCH (c)-[e:SILENT_EVIDENCE]-(m) WHERE e.support > 0
    RETURN DISTINCT e.source AS source, m, 1 AS of_c, 0 AS of_d
    UNION ALL
    MATCH (d)-[e:SILENT_EVIDENCE]-(m) WHERE e.support > 0
    RETURN DISTINCT e.source AS source, m, 0 AS of_c, 1 AS of_d
  }
  WITH source, m, sum(of_c) AS of_c, sum(of_d) AS of_d
  WITH source, sum(of_c) AS many_c, sum(of_d) AS many_d, sum(of_c * of_d) AS common
  WITH source, common / sqrt((1.0 + many_c) * (1.0 + many_d)) AS overlap
  RETURN collect({source: source, overlap: overlap, rise: RISE(overlap)}) AS overlaps
}
OPTIONAL MATCH (c)-[r:DEFAULT_RELATION]-(d)
RETURN i, c.text AS start, d.text AS end, c.key AS start_key, d.key AS end_key,
       c.known AS start_known, d.known AS end_known, r.consensus AS consensus, r.elo AS elo, rows, overlaps
ORDER BY i
