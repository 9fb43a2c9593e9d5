// The texts of a picture, by its key or a file's name, the surest first: what models of texts and pictures list with it, and what detectors saw in it.
// in:  $picture STRING, $top INTEGER
// out: text STRING, kind STRING, source STRING, odds FLOAT, consensus INTEGER, similarity FLOAT
// drawn: picture_node NODE, relation RELATIONSHIP, text_node NODE
// procedure: image_to_text(picture::STRING, top = 10::INTEGER)
// example: image_to_text('yard.jpg', 5)
CALL () {
  CALL () {
    FIND_PICTURES($picture)
  }
  RETURN collect(p) AS found
}
CALL apoc.util.validate(
  size(found) > 1,
  'Several pictures are called %s, so give the key of one of them, %s.',
  [$picture, reduce(keys = '', p IN found[0..6] | keys + CASE keys WHEN '' THEN '' ELSE ', ' END + p.text)]
)
UNWIND found AS p
MATCH (p)-[r:RELATES|DEPICTS]-(c:Composition)
WHERE c.kind IN ['Token', 'Sentence']
      AND (r.decades > 0 OR type(r) = 'DEPICTS' AND coalesce(r.against, 0) < r.n)
WITH p, c, sum(r.decades) AS gained, max(r.elo) AS elo, sum(r.weight) AS weight, sum(r.n) AS n,
     head(collect(r)) AS r
ORDER BY gained DESC, elo DESC, c.key
LIMIT $top
CALL (c, p) {
  MATCH (c)-[e:ALL_EVIDENCE]-(p)
  WHERE (e.support > 0 OR type(e) = 'DEPICTION_EVIDENCE')
  MATCH (s:Source {name: e.source, state: 'live'})
  WITH DISTINCT s.name AS name ORDER BY name
  WITH collect(name) AS names
  RETURN reduce(all = names[0], name IN names[1..] | all + ', ' + name) AS source
}
RETURN c.text AS text, c.kind AS kind, source, ROUNDED(gained / 1000.0, 3) AS odds,
       1500 + toInteger(floor(0.4 * gained + 0.5)) AS consensus, ROUNDED(weight / 1e6 / n, 4) AS similarity,
       DRAWN(p AS picture_node, r AS relation, c AS text_node)
ORDER BY gained DESC, elo DESC, c.key
