// The strongest rows of a track between words, by odds, then by similarity.
// in:  $source STRING, $top INTEGER
// out: start INTEGER, end INTEGER
MATCH (c:Token)-[e:EVIDENCE_TYPE {source: $source}]->(d:Token)
WHERE e.support > 0 AND c <> d
WITH c, d, e.support AS support, e.weight / 1e6 / e.n AS similarity
ORDER BY support DESC, similarity DESC, c.key, d.key
LIMIT $top
RETURN id(c) AS start, id(d) AS end
