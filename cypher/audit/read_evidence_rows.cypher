// Evidence of one type that starts at some compositions, edge by edge, with all properties.
// in:  $ids LIST<INTEGER>
// out: start INTEGER, end INTEGER, said MAP
UNWIND $ids AS id
MATCH (a:Composition) WHERE id(a) = id
MATCH (a)-[e:EVIDENCE_TYPE]->(b)
RETURN id AS start, id(b) AS end, properties(e) AS said
