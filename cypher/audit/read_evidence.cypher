// All evidence of one type that starts at some compositions, in columns, by source; a list is shorter if a number is missing.
// in:  $ids LIST<INTEGER>
// out: source STRING, starts LIST<INTEGER>, ends LIST<INTEGER>, n LIST<INTEGER>, weight LIST<INTEGER>, directed LIST<INTEGER>, rank LIST<INTEGER>, support LIST<INTEGER>, positions LIST<LIST<INTEGER>>
UNWIND $ids AS id
MATCH (a:Composition) WHERE id(a) = id
MATCH (a)-[e:EVIDENCE_TYPE]->(b)
// The properties are read once: each look at one goes through all that stand before it in the store.
WITH id, id(b) AS end, properties(e) AS said
RETURN said.source AS source, collect(id) AS starts, collect(end) AS ends, collect(said.n) AS n,
       collect(said.weight) AS weight, collect(said.directed) AS directed,
       collect(said.rank) AS rank, collect(said.support) AS support,
       collect(said.positions) AS positions
