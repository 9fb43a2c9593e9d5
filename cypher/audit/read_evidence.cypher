// All evidence of one type that starts at some compositions, in columns, by source; a list is shorter if a number is missing.
// in:  $ids LIST<INTEGER>
// out: source STRING, starts LIST<INTEGER>, ends LIST<INTEGER>, all columns
UNWIND $ids AS id
MATCH (a:Composition) WHERE id(a) = id
MATCH (a)-[e:EVIDENCE_TYPE]->(b)
// The properties are read once: each look at one goes through all that stand before it in the store.
WITH id, id(b) AS end, properties(e) AS said
RETURN said.source AS source, collect(id) AS starts, collect(end) AS ends,
       ALL_COLUMNS
