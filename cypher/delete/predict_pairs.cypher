// Predicted ratings of the pairs that start at some compositions, without some evidence; formulas of rate_pairs. Unchanged pairs are omitted.
// in:  $starts LIST OF [id, LIST of the edges that go], $leaving LIST<STRING>, $tracks MAP, $classes MAP, $known MAP OF id TO class, $reclassed BOOLEAN, $shrinkage INTEGER
// out: start INTEGER, touched LIST OF [edge, end, edges that go, elo, consensus, decades, seen before, elo, n, weight, decades, seen, against], edges LIST<INTEGER>, ends LIST<INTEGER>, before LIST<INTEGER>, after LIST<INTEGER>
UNWIND $starts AS start
MATCH (a:Composition) WHERE id(a) = start[0]
MATCH (a)-[x:EVIDENCE_TYPES|RATED_TYPE]->(b)
WITH a, b, x, CASE WHEN x.source IN $leaving OR id(x) IN start[1] THEN 1 ELSE 0 END AS leaves
WITH a, b, x, leaves, CASE leaves WHEN 0 THEN $tracks[type(x)][x.source] END AS track
WITH a, b,
     collect(CASE WHEN x.elo IS NOT NULL THEN x END)[0] AS old,
     sum(leaves) AS removed,
     sum(CASE WHEN track IS NOT NULL THEN x.n END) AS n,
     sum(CASE WHEN track IS NOT NULL THEN x.weight END) AS weight,
     sum(CASE WHEN track IS NOT NULL THEN AGAINST(x) END) AS against,
     collect(DISTINCT CASE WHEN x.n > 0 THEN track[2] END) AS seen,
     // A rejection adds at most 0, whatever the vote of the one who rejected.
     sum(CASE WHEN track[0] < 0 AND x.support < 0 THEN 0 ELSE track[0] * x.support - track[1] END) AS gained,
     sum(track[3]) AS counted,
     SILENCE(CASE WHEN $reclassed
       THEN $classes[coalesce($known[toString(id(a))], a.known)][coalesce($known[toString(id(b))], b.known)]
       ELSE $classes[a.known][b.known] END) AS absent
WITH a, b, old, removed, n, weight, against, seen, counted + absent[0] + $shrinkage AS votes,
     gained + absent[1] AS odds
WITH a, b, old, removed, n, weight, against, seen,
     toInteger(floor((2.0 * odds + votes) / (2 * votes))) AS decades
WHERE old IS NOT NULL AND (removed > 0 OR decades <> old.decades)
WITH a, b, old, removed, n, weight, against, seen, decades,
     1500.0 + CASE WHEN 0.1 * n < 1000.0 THEN 0.1 * n ELSE 1000.0 END
       + 500.0 * (weight / 1e6 / CASE n WHEN 0 THEN 1 ELSE n + against END)
       + CASE WHEN 20 * size(seen) < 200 THEN 20 * size(seen) ELSE 200 END AS elo
RETURN id(a) AS start,
       collect(CASE WHEN removed > 0 THEN [id(old), id(b), removed, old.elo, old.consensus,
         old.decades, old.seen, elo, n, weight, decades, seen, against] END) AS touched,
       collect(CASE removed WHEN 0 THEN id(old) END) AS edges,
       collect(CASE removed WHEN 0 THEN id(b) END) AS ends,
       collect(CASE removed WHEN 0 THEN old.decades END) AS before,
       collect(CASE removed WHEN 0 THEN decades END) AS after
