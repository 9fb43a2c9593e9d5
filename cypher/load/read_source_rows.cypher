// One source's evidence of one type that starts at some compositions, in columns; a list is shorter if a value is missing.
// in:  $source STRING, $ids LIST<INTEGER>
// out: edges LIST<INTEGER>, starts LIST<INTEGER>, ends LIST<INTEGER>, its columns
UNWIND $ids AS id
MATCH (a:Composition) WHERE id(a) = id
MATCH (a)-[e:EVIDENCE_TYPE]->(b)
// Apart from the MATCH, or every start would be looked up among all edges of the source.
WITH id, e, id(b) AS end WHERE e.source = $source
// The properties are read once: each look at one goes through all that stand before it in the store.
WITH id, id(e) AS edge, end, properties(e) AS said
RETURN collect(edge) AS edges, collect(id) AS starts, collect(end) AS ends,
       OWN_COLUMNS
