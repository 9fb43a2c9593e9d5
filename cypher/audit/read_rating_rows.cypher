// Rated edges of one type that start at some compositions, edge by edge, with all properties.
// in:  $ids LIST<INTEGER>
// out: start INTEGER, end INTEGER, said MAP
UNWIND $ids AS id
MATCH (a:Composition) WHERE id(a) = id
MATCH (a)-[r:RATED_TYPE]->(b)
RETURN id AS start, id(b) AS end, properties(r) AS said
