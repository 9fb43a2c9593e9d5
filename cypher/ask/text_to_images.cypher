// The pictures of what a text says, the surest first: those that models of texts and pictures list with it, and those in which detectors saw it.
// in:  $text STRING, $top INTEGER
// out: picture STRING, caption STRING, place STRING, source STRING, odds FLOAT, consensus INTEGER, similarity FLOAT
// drawn: text_node NODE, relation RELATIONSHIP, picture_node NODE
// procedure: text_to_images(text::STRING, top = 10::INTEGER)
// example: text_to_images('white car', 5)
CALL () {
  FIND_WORD(c, $text)
}
MATCH (c)-[r:RELATES|DEPICTS]-(p:Image)
WHERE r.decades > 0
WITH c, p, sum(r.decades) AS gained, max(r.elo) AS elo, sum(r.weight) AS weight, sum(r.n) AS n,
     head(collect(r)) AS r
ORDER BY gained DESC, elo DESC, p.key
LIMIT $top
CALL (c, p) {
  MATCH (c)-[e:ALL_EVIDENCE]-(p)
  WHERE e.support > 0
  MATCH (s:Source {name: e.source, state: 'live'})
  WITH DISTINCT s.name AS name ORDER BY name
  WITH collect(name) AS names
  RETURN reduce(all = names[0], name IN names[1..] | all + ', ' + name) AS source
}
CALL (p) {
  MATCH (:Source {state: 'live'})-[h:HOLDS]->(p)
  RETURN min(h.place) AS place
}
RETURN p.text AS picture, p.name AS caption, place, source, ROUNDED(gained / 1000.0, 3) AS odds,
       1500 + toInteger(floor(0.4 * gained + 0.5)) AS consensus, ROUNDED(weight / 1e6 / n, 4) AS similarity,
       DRAWN(c AS text_node, r AS relation, p AS picture_node)
ORDER BY gained DESC, elo DESC, p.key
