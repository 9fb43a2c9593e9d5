// The places at which sources have some compositions, in columns, by source; a list is shorter if a place is missing.
// in:  $ids LIST<INTEGER>
// out: source STRING, compositions LIST<INTEGER>, places LIST<STRING>
UNWIND $ids AS id
MATCH (c:Composition) WHERE id(c) = id
MATCH (s:Source)-[h:HOLDS]->(c)
RETURN s.name AS source, collect(id) AS compositions, collect(h.place) AS places
