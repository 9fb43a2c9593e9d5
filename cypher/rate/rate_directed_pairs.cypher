// Rate every directed pair that starts at a composition, from its evidence alone; delete evidence of sources being deleted.
// in:  $ids LIST<INTEGER>, $tracks MAP OF evidence type TO MAP OF source TO LIST, $leaving LIST<STRING>
// out: pairs INTEGER, removed INTEGER
UNWIND $ids AS id
MATCH (a:Composition) WHERE id(a) = id
MATCH (a)-[x:EVIDENCE_TYPES|RATED_TYPE]->(b)
// The properties are read once, as in rate_pairs.
WITH a, b, x, properties(x) AS said
WITH a, b, x, said, $tracks[type(x)][said.source] IS NOT NULL AS live
WITH a, b,
     collect(CASE WHEN said.elo IS NOT NULL THEN x END)[0] AS old,
     collect(CASE WHEN said.source IN $leaving THEN x END) AS leaving,
     sum(CASE WHEN live THEN said.n END) AS n,
     sum(CASE WHEN live THEN said.weight END) AS weight,
     count(DISTINCT CASE WHEN live THEN said.source END) AS sources
WITH a, b, old, leaving, {
  elo: 1500.0 + CASE WHEN 0.1 * n < 1000.0 THEN 0.1 * n ELSE 1000.0 END
       + 500.0 * (weight / 1e6 / CASE n WHEN 0 THEN 1 ELSE n END)
       + CASE WHEN 20 * sources < 200 THEN 20 * sources ELSE 200 END,
  n: n, weight: weight, sources: sources
} AS rating
FOREACH (e IN leaving | DELETE e)
FOREACH (_ IN CASE WHEN rating.n > 0 AND old IS NULL THEN [1] ELSE [] END |
  CREATE (a)-[new:RATED_TYPE]->(b) SET new = rating
)
FOREACH (_ IN CASE WHEN rating.n > 0 AND properties(old) <> rating THEN [1] ELSE [] END |
  SET old = rating
)
FOREACH (_ IN CASE WHEN rating.n = 0 THEN [1] ELSE [] END | DELETE old)
RETURN count(*) AS pairs, sum(size(leaving)) AS removed
