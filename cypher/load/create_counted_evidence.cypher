// Create one batch of counted evidence edges, rows grouped by their start.
// in:  $source STRING, $groups LIST OF [id, first, end], $ends LIST<INTEGER>, $n LIST<INTEGER>, $weights LIST<INTEGER>
// out: created INTEGER
UNWIND $groups AS g
MATCH (a:Composition) WHERE id(a) = g[0]
UNWIND range(g[1], g[2] - 1) AS i
MATCH (b:Composition) WHERE id(b) = $ends[i]
CREATE (a)-[:EVIDENCE_TYPE {source: $source, n: $n[i], weight: $weights[i]}]->(b)
RETURN count(*) AS created
