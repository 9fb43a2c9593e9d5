// Record the agreement of sources.
// in:  $rows LIST OF MAP
// out: written INTEGER
UNWIND $rows AS row
MATCH (a:Source {name: row.low})
MATCH (b:Source {name: row.high})
MERGE (a)-[g:AGREES_WITH]->(b)
SET g.words = row.words, g.pairs_low = row.pairs_low, g.pairs_high = row.pairs_high,
    g.shared = row.shared, g.met = row.met, g.lift = row.lift, g.overlap = row.overlap,
    g.stale = null
RETURN count(g) AS written
