// The strongest relations of a word, of some types, by consensus or elo; continuation pieces on request.
// in:  $word STRING, $top INTEGER, $by STRING, $source STRING, $min_sources INTEGER, $pieces BOOLEAN, $types LIST<STRING>
// out: neighbour STRING, kind STRING, consensus INTEGER, elo FLOAT, sources INTEGER, times INTEGER, similarity FLOAT, type STRING, direction STRING
// drawn: word_node NODE, relation RELATIONSHIP, neighbour_node NODE
// procedure: neighbours(word::STRING, top = 10::INTEGER, by = consensus::STRING, source = null::STRING, min_sources = 1::INTEGER, pieces = false::BOOLEAN, types = null::LIST OF STRING)
// example: neighbours('king', 5)
CALL () {
  FIND_WORD(c, $word)
}
CALL () {
  MATCH (:Source {name: $source, state: 'live'})-[:HAS_TRACK]->(t:Track)
  RETURN min(t.number) AS number
}
MATCH (c)-[r:RATED_TYPES]-(d)
WHERE type(r) IN coalesce($types, ['DEFAULT_RELATION']) AND r.sources >= $min_sources
  AND ($pieces OR NOT d:FRAGMENT_KINDS) AND ($source IS NULL OR number IN r.seen)
WITH c, d, r
ORDER BY CASE $by WHEN 'elo' THEN r.elo END DESC, BY_STRENGTH(r), d.key, type(r), id(r)
LIMIT $top
RETURN d.text AS neighbour, d.kind AS kind, r.consensus AS consensus, ROUNDED(r.elo, 1) AS elo,
       r.sources AS sources, r.n AS times, ROUNDED(r.weight / 1e6 / r.n, 4) AS similarity, type(r) AS type,
       CASE WHEN c = d THEN 'itself' WHEN r:UNDIRECTED_TYPES THEN 'none'
            WHEN startNode(r) = c THEN 'out' ELSE 'in' END AS direction,
       DRAWN(c AS word_node, r AS relation, d AS neighbour_node)
