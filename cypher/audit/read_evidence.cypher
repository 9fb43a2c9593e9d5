// All evidence of one type that starts at some compositions, in columns, by source.
// in:  $ids LIST<INTEGER>
// out: source STRING, starts LIST<INTEGER>, ends LIST<INTEGER>, n LIST<INTEGER>, weight LIST<INTEGER>, directed LIST<INTEGER>, rank LIST<INTEGER>, support LIST<INTEGER>, positions LIST<LIST<INTEGER>>
UNWIND $ids AS id
MATCH (a:Composition) WHERE id(a) = id
MATCH (a)-[e:EVIDENCE_TYPE]->(b)
RETURN e.source AS source, collect(id(a)) AS starts, collect(id(b)) AS ends, collect(e.n) AS n,
       collect(e.weight) AS weight, collect(e.directed) AS directed, collect(e.rank) AS rank,
       collect(e.support) AS support, collect(e.positions) AS positions
