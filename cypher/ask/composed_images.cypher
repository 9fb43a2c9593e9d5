// The pictures of several compositions taken as one: the mean of their odds by weight, times the weight of those related, which is more than half.
// in:  $keys LIST<STRING>, $weights LIST<FLOAT>, $top INTEGER
// out: picture STRING, caption STRING, place STRING, through LIST<STRING>, source STRING, odds FLOAT, consensus INTEGER, similarity FLOAT
UNWIND range(0, size($keys) - 1) AS i
MATCH (c:Composition {key: $keys[i]})-[r:RELATES|DEPICTS]-(p:Image)
WHERE r.decades > 0
WITH p, i, c, sum(r.decades) AS gained, sum(r.weight) AS weight, sum(r.n) AS n
WITH p, sum($weights[i]) AS share, sum($weights[i] * gained) AS gained, sum($weights[i] * weight / n) AS similarity,
     collect(c) AS parts
WHERE share > 0.5
WITH p, parts, gained * share AS gained, similarity
ORDER BY gained DESC, similarity DESC, p.key
LIMIT $top
CALL (p, parts) {
  UNWIND parts AS c
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
RETURN p.text AS picture, p.name AS caption, place, [one IN parts | one.text] AS through, source, gained / 1000.0 AS odds,
       1500 + toInteger(floor(0.4 * gained + 0.5)) AS consensus, similarity / 1e6 AS similarity
ORDER BY gained DESC, similarity DESC, p.key
