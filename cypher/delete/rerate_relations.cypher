// Give relations the ratings a plan predicted.
// in:  $rows LIST OF [edge, start, end, elo, n, weight, sources, seen], $decades LIST<INTEGER>, $consensus LIST<INTEGER>
// out: rated INTEGER
UNWIND range(0, size($rows) - 1) AS i
WITH i, $rows[i] AS row
MATCH (a)-[r:RATED_TYPE]->(b)
WHERE id(r) = row[0] AND id(a) = row[1] AND id(b) = row[2]
SET r.elo = row[3], r.n = row[4], r.weight = row[5], r.sources = row[6], r.seen = row[7],
    r.decades = $decades[i], r.consensus = $consensus[i],
    r.cost = 1 + toInteger(floor(1e6 * log10(1.0 + 10.0 ^ (-0.001 * $decades[i]))))
RETURN count(*) AS rated
