// Move the consensus of relations that keep their evidence.
// in:  $edges LIST<INTEGER>, $decades LIST<INTEGER>, $consensus LIST<INTEGER>
// out: rated INTEGER
UNWIND range(0, size($edges) - 1) AS i
MATCH ()-[r:RATED_TYPE]->() WHERE id(r) = $edges[i]
SET r.decades = $decades[i], r.consensus = $consensus[i],
    r.cost = 1 + toInteger(floor(1e6 * log10(1.0 + 10.0 ^ (-0.001 * $decades[i]))))
RETURN count(*) AS rated
