// What sources say a picture shows, by its key or a file's name: what most sources say first, then the surest.
// in:  $picture STRING, $top INTEGER
// out: concept STRING, kind STRING, sources LIST<STRING>, times INTEGER, score FLOAT, consensus INTEGER
// drawn: picture_node NODE, relation RELATIONSHIP, concept_node NODE
// procedure: image_to_concepts(picture::STRING, top = 10::INTEGER)
// example: image_to_concepts('yard.jpg', 5)
CALL () {
  CALL () {
    FIND_PICTURES($picture)
  }
  RETURN collect(p) AS found
}
CALL apoc.util.validate(
  size(found) > 1,
  'Several pictures are called %s; give the key of one: %s.',
  [$picture, reduce(keys = '', p IN found[0..6] | keys + CASE keys WHEN '' THEN '' ELSE ', ' END + p.text)]
)
UNWIND found AS p
MATCH (p)-[r:DEPICTS]->(c)
WHERE NOT c:Feature
CALL (p, c) {
  MATCH (p)-[e:DEPICTION_EVIDENCE]->(c)
  MATCH (s:Source {name: e.source, state: 'live'})
  WITH DISTINCT s.name AS name ORDER BY name
  RETURN collect(name) AS sources
}
RETURN c.text AS concept, c.kind AS kind, sources, r.n AS times, ROUNDED(r.weight / 1e6 / r.n, 4) AS score,
       r.consensus AS consensus, DRAWN(p AS picture_node, r AS relation, c AS concept_node)
ORDER BY size(sources) DESC, score DESC, times DESC, concept
LIMIT $top
