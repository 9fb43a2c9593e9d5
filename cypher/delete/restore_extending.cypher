// Restore the edges of tokens and contexts to those one token longer.
// in:  $starts LIST<INTEGER>, $ends LIST<INTEGER>, $tokens LIST<STRING>
// out: joined INTEGER
UNWIND range(0, size($starts) - 1) AS i
MATCH (a:Composition) WHERE id(a) = $starts[i]
MATCH (b:Composition) WHERE id(b) = $ends[i]
MERGE (a)-[:EXTENDS_TO {token: $tokens[i]}]->(b)
RETURN count(*) AS joined
