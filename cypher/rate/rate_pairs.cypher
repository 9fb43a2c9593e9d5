// Rate every pair that starts at a composition, or those of them that are due, from its evidence alone: elo, consensus and cost; delete evidence of sources being deleted.
// in:  $ids LIST<INTEGER>, $tracks MAP OF evidence type TO MAP OF source TO [vote, vote * absent, number of the source, vote of a row], $classes MAP OF known TO MAP OF known TO [sum of votes, sum of vote * absent], $shrinkage INTEGER, $leaving LIST<STRING>
// out: pairs INTEGER, removed INTEGER
UNWIND $ids AS id
MATCH (a:Composition) WHERE id(a) = id
WITH a, a.due AS due
MATCH (a)-[x:EVIDENCE_TYPES|RATED_TYPE]->(b)
WHERE due IS NULL OR id(b) IN due
// The properties are read once: each look at one goes through all that stand before it in the store.
WITH a, b, x, properties(x) AS said
WITH a, b, x, said, $tracks[type(x)][said.source] AS track
// A rated edge has no source and an evidence edge no elo, so each term below takes its own edges.
WITH a, b,
     collect(CASE WHEN said.elo IS NOT NULL THEN x END)[0] AS old,
     collect(CASE WHEN said.source IN $leaving THEN x END) AS leaving,
     sum(CASE WHEN track IS NOT NULL THEN said.n END) AS n,
     sum(CASE WHEN track IS NOT NULL THEN said.weight END) AS weight,
     sum(CASE WHEN track IS NOT NULL THEN AGAINST(said) END) AS against,
     collect(DISTINCT CASE WHEN said.n > 0 THEN track[2] END) AS seen,
     // A rejection adds at most 0, whatever the vote of the one who rejected.
     sum(CASE WHEN track[0] < 0 AND said.support < 0 THEN 0 ELSE track[0] * said.support - track[1] END) AS gained,
     sum(track[3]) AS counted,
     SILENCE($classes[a.known][b.known]) AS absent
WITH a, b, old, leaving, n, weight, against, seen, counted + absent[0] + $shrinkage AS votes,
     gained + absent[1] AS odds
WITH a, b, old, leaving, n, weight, against, seen,
     toInteger(floor((2.0 * odds + votes) / (2 * votes))) AS decades
WITH a, b, old, leaving, against, {
  elo: 1500.0 + CASE WHEN 0.1 * n < 1000.0 THEN 0.1 * n ELSE 1000.0 END
       + 500.0 * (weight / 1e6 / CASE n WHEN 0 THEN 1 ELSE n + against END)
       + CASE WHEN 20 * size(seen) < 200 THEN 20 * size(seen) ELSE 200 END,
  n: n, weight: weight, sources: size(seen), seen: seen, decades: decades,
  consensus: 1500 + toInteger(floor(0.4 * decades + 0.5)),
  cost: STEP_PRICE + toInteger(floor(1e6 * log10(1.0 + 10.0 ^ (-0.001 * decades))))
} AS rating
FOREACH (e IN leaving | DELETE e)
FOREACH (_ IN CASE WHEN rating.n > 0 AND old IS NULL THEN [1] ELSE [] END |
  CREATE (a)-[new:RATED_TYPE]->(b)
  SET new = rating, new.against = CASE WHEN against > 0 THEN against END
)
FOREACH (_ IN CASE WHEN rating.n > 0 AND (properties(old) <> rating OR against > 0) THEN [1] ELSE [] END |
  SET old = rating, old.against = CASE WHEN against > 0 THEN against END
)
FOREACH (_ IN CASE WHEN rating.n = 0 THEN [1] ELSE [] END | DELETE old)
RETURN count(*) AS pairs, sum(size(leaving)) AS removed
