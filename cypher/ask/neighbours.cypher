// The strongest relations of a word, by consensus or elo; continuation pieces on request.
// in:  $word STRING, $top INTEGER, $by STRING, $source STRING, $min_sources INTEGER, $pieces BOOLEAN
// out: neighbour STRING, kind STRING, consensus INTEGER, elo FLOAT, sources INTEGER, times INTEGER, similarity FLOAT
// procedure: neighbours(word::STRING, top = 10::INTEGER, by = consensus::STRING, source = null::STRING, min_sources = 1::INTEGER, pieces = false::BOOLEAN)
CALL () {
  FIND_WORD(c, $word)
}
MATCH (c)-[r:DEFAULT_RELATION]-(d)
WHERE r.sources >= $min_sources
  AND ($pieces OR NOT d:FRAGMENT_KINDS)
  AND ($source IS NULL OR EXISTS { (c)-[e:EVIDENCE_TYPES]-(d) WHERE e.source = $source })
WITH d, r, CASE $by WHEN 'elo' THEN r.elo ELSE r.decades END AS score
ORDER BY score DESC, r.elo DESC, d.key
LIMIT $top
RETURN d.text AS neighbour, d.kind AS kind, r.consensus AS consensus, r.elo AS elo,
       r.sources AS sources, r.n AS times, r.weight / 1e6 / r.n AS similarity
