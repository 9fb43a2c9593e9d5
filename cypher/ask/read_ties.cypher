// The relations of some compositions above even odds, as columns.
// in:  $ids LIST<INTEGER>
// out: id INTEGER, others LIST<INTEGER>, decades LIST<INTEGER>
UNWIND $ids AS id
MATCH (c:Composition) WHERE id(c) = id
MATCH (c)-[r:DEFAULT_RELATION]-(d)
WHERE r.decades > 0
RETURN id, collect(id(d)) AS others, collect(r.decades) AS decades
