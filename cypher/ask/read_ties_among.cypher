// The relations among some compositions above even odds.
// in:  $ids LIST<INTEGER>
// out: start INTEGER, end INTEGER, decades INTEGER
UNWIND $ids AS id
MATCH (c:Composition) WHERE id(c) = id
MATCH (c)-[r:DEFAULT_RELATION]->(d)
WHERE r.decades > 0 AND id(d) IN $ids AND c <> d
RETURN id AS start, id(d) AS end, r.decades AS decades
