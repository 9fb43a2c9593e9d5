// Predicted ratings of the directed pairs that start at some compositions, without some evidence; formulas of rate_directed_pairs.
// in:  $starts LIST OF [id, LIST of the edges that go], $leaving LIST<STRING>, $tracks MAP
// out: start INTEGER, touched LIST OF [edge, end, edges that go, elo, null, null, null, elo, n, weight, null, sources]
UNWIND $starts AS start
MATCH (a:Composition) WHERE id(a) = start[0]
MATCH (a)-[x:EVIDENCE_TYPES|RATED_TYPE]->(b)
WITH a, b, x, CASE WHEN x.source IN $leaving OR id(x) IN start[1] THEN 1 ELSE 0 END AS leaves
WITH a, b, x, leaves, leaves = 0 AND $tracks[type(x)][x.source] IS NOT NULL AS live
WITH a, b,
     collect(CASE WHEN x.elo IS NOT NULL THEN x END)[0] AS old,
     sum(leaves) AS removed,
     sum(CASE WHEN live THEN x.n END) AS n,
     sum(CASE WHEN live THEN x.weight END) AS weight,
     collect(DISTINCT CASE WHEN live THEN $tracks[type(x)][x.source][2] END) AS seen
WHERE old IS NOT NULL AND removed > 0
WITH a, b, old, removed, n, weight, seen,
     1500.0 + CASE WHEN 0.1 * n < 1000.0 THEN 0.1 * n ELSE 1000.0 END
       + 500.0 * (weight / 1e6 / CASE n WHEN 0 THEN 1 ELSE n END)
       + CASE WHEN 20 * size(seen) < 200 THEN 20 * size(seen) ELSE 200 END AS elo
RETURN id(a) AS start,
       collect([id(old), id(b), removed, old.elo, null, null, null, elo, n, weight, null, seen])
         AS touched
