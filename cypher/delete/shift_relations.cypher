// Write the changed consensus of relations that keep their evidence.
// in:  $edges LIST<INTEGER>, $decades LIST<INTEGER>, $consensus LIST<INTEGER>, $costs LIST<INTEGER>
// out: rated INTEGER
UNWIND range(0, size($edges) - 1) AS i
MATCH ()-[r:RATED_TYPE]->() WHERE id(r) = $edges[i]
SET r.decades = $decades[i], r.consensus = $consensus[i], r.cost = $costs[i]
RETURN count(*) AS rated
