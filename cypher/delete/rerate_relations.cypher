// Write the ratings that a plan predicted.
// in:  $edges LIST<INTEGER>, $starts LIST<INTEGER>, $ends LIST<INTEGER>, $elos LIST<FLOAT>, $times LIST<INTEGER>, $weights LIST<INTEGER>, $sources LIST<INTEGER>, $seen LIST<LIST<INTEGER>>, $against LIST<INTEGER>, $decades LIST<INTEGER>, $consensus LIST<INTEGER>, $costs LIST<INTEGER>
// out: rated INTEGER
UNWIND range(0, size($edges) - 1) AS i
MATCH (a)-[r:RATED_TYPE]->(b)
WHERE id(r) = $edges[i] AND id(a) = $starts[i] AND id(b) = $ends[i]
SET r.elo = $elos[i], r.n = $times[i], r.weight = $weights[i], r.sources = $sources[i],
    r.seen = $seen[i], r.against = $against[i], r.decades = $decades[i], r.consensus = $consensus[i], r.cost = $costs[i]
RETURN count(*) AS rated
