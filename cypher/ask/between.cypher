// Words related to what both of two words are related to, by the overlap of their relations with either.
// in:  $given LIST OF [side INTEGER, id INTEGER, share FLOAT], $most INTEGER, $above INTEGER, $min_sources INTEGER, $numbers LIST<INTEGER>, $pieces BOOLEAN
// out: id INTEGER, key STRING, text STRING, kind STRING, known STRING, score FLOAT, like_start FLOAT, like_end FLOAT
// The cosine with what is composed is the mean of those with its parts.
UNWIND $given AS given
MATCH (c:Composition) WHERE id(c) = given[1]
WITH given[0] AS side, given[2] AS share, c
CALL (c) {
  MATCH (c)-[r:RATED_TYPES]-(m)
  WHERE coalesce(r.consensus, r.elo) > $above AND r.sources >= $min_sources
    AND ($pieces OR NOT m:FRAGMENT_KINDS) AND ($numbers IS NULL OR any(number IN $numbers WHERE number IN r.seen))
  WITH m, sum(r.decades) AS odds
  WHERE odds > 0
  WITH collect([m, odds]) AS row, max(odds) AS high, sum(odds * odds) AS squares
  RETURN row, high, sqrt(1.0 * squares + high * high) AS length
}
// The dot product with every word's row: over what both are related to, and where one is the other's neighbour.
CALL (c, row, high) {
  UNWIND row AS cell
  WITH c, cell[0] AS m, cell[1] AS odds
  MATCH (m)-[r:RATED_TYPES]-(d)
  WHERE coalesce(r.consensus, r.elo) > $above AND r.decades > 0 AND r.sources >= $min_sources AND d <> c
    AND ($pieces OR NOT d:FRAGMENT_KINDS) AND ($numbers IS NULL OR any(number IN $numbers WHERE number IN r.seen))
  RETURN d, sum(1.0 * odds * r.decades) AS dot, 0 AS direct
  UNION ALL
  UNWIND row AS cell
  RETURN cell[0] AS d, 1.0 * high * cell[1] AS dot, cell[1] AS direct
}
WITH c, side, share, length, d, share * sum(dot) / length AS part, share * max(direct) / length AS near
WITH d, sum(CASE side WHEN 0 THEN part ELSE 0.0 END) AS of_a, sum(CASE side WHEN 1 THEN part ELSE 0.0 END) AS of_b,
     sum(CASE side WHEN 0 THEN near ELSE 0.0 END) AS near_a,
     sum(CASE side WHEN 1 THEN near ELSE 0.0 END) AS near_b
WHERE of_a > 0 AND of_b > 0 AND NOT id(d) IN [given IN $given | given[1]] AND NOT d:UNCONNECTED_KINDS
WITH d, of_a, of_b, near_a, near_b
ORDER BY of_a * of_b DESC, d.key
LIMIT $most
CALL (d) {
  MATCH (d)-[r:RATED_TYPES]-(m)
  WHERE coalesce(r.consensus, r.elo) > $above AND r.decades > 0 AND r.sources >= $min_sources
    AND ($pieces OR NOT m:FRAGMENT_KINDS) AND ($numbers IS NULL OR any(number IN $numbers WHERE number IN r.seen))
  RETURN max(r.decades) AS high, sum(1.0 * r.decades * r.decades) AS squares
}
WITH d, (of_a + near_a * high) / sqrt(squares + 1.0 * high * high) AS like_start,
     (of_b + near_b * high) / sqrt(squares + 1.0 * high * high) AS like_end
RETURN id(d) AS id, d.key AS key, d.text AS text, d.kind AS kind, d.known AS known,
       sqrt(like_start * like_end) AS score, like_start, like_end
ORDER BY score DESC, key
