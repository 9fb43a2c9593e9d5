// Pictures that relations of some types lead to something else from, such as what they show, those most like a picture with some features first; alike is the cosine of degrees, each feature weighted by rarity, log10 of one over the share of pictures that have it; of a picture without cells, that of the rest.
// in:  $features MAP, $without STRING, $types LIST<STRING>, $top INTEGER
// out: picture STRING, alike FLOAT, shared LIST<STRING>
CALL () {
  MATCH (i:Image)
  RETURN count(i) AS pictures
}
CALL (pictures) {
  MATCH (f:Feature)
  RETURN collect({feature: f, placed: f.text STARTS WITH 'cell ', asked: coalesce($features[f.text], 0.0),
                  weight: log10((1.0 + pictures) / (0.5 + COUNT { (f)<-[:DEPICTS]-(:Image) }))}) AS known,
         collect(f.text) AS names
}
WITH known,
     // One that no picture has counts as well: it is what none shares.
     reduce(sum = 0.0, name IN keys($features) | sum + CASE WHEN name IN names OR name STARTS WITH 'cell '
         THEN 0.0 ELSE log10((1.0 + pictures) / 0.5) * $features[name] ^ 2 END)
     + reduce(sum = 0.0, one IN known | sum + CASE WHEN one.placed
         THEN 0.0 ELSE one.weight * one.asked ^ 2 END) AS plain,
     reduce(sum = 0.0, one IN known | sum + CASE WHEN one.placed
         THEN one.weight * one.asked ^ 2 ELSE 0.0 END) AS by_place
UNWIND known AS one
WITH one.feature AS f, one.placed AS placed, one.weight AS weight, one.asked AS asked, plain, by_place
MATCH (f)<-[r:DEPICTS]-(p:Image)
WITH p, plain, by_place, placed, weight, asked, r.weight / 1e6 / r.n AS degree
WITH p, plain, by_place, sum(weight * asked * degree) AS alike,
     sum(CASE WHEN placed THEN 0.0 ELSE weight * degree ^ 2 END) AS own,
     sum(CASE WHEN placed THEN weight * degree ^ 2 ELSE 0.0 END) AS own_by_place
WITH p, alike, CASE WHEN own_by_place > 0 THEN (plain + by_place) * (own + own_by_place) ELSE plain * own END AS whole
WHERE alike > 0 AND whole > 0 AND p.text <> $without
      AND EXISTS { (p)-[r:DEPICTS|RELATES]-(c) WHERE type(r) IN $types AND NOT c:Feature }
WITH p, alike / sqrt(whole) AS alike
ORDER BY alike DESC, p.key
LIMIT $top
CALL (p) {
  MATCH (p)-[:DEPICTS]->(f:Feature)
  WHERE $features[f.text] > 0 AND NOT f.text STARTS WITH 'cell '
  WITH f ORDER BY f.text
  RETURN collect(f.text) AS shared
}
RETURN p.text AS picture, alike, shared
ORDER BY alike DESC, p.key
