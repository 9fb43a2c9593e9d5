// The visits of sources to some compositions, in columns, by source; a list is shorter if a number is missing.
// in:  $ids LIST<INTEGER>
// out: source STRING, contexts LIST<INTEGER>, n LIST<INTEGER>, masses LIST<INTEGER>
UNWIND $ids AS id
MATCH (c:Composition) WHERE id(c) = id
MATCH (s:Source)-[v:VISITED]->(c)
RETURN s.name AS source, collect(id) AS contexts, collect(v.n) AS n, collect(v.mass) AS masses
