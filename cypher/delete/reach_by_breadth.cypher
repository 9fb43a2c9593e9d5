// Compositions within a number of rated edges of some compositions, in whatever direction, nearest first.
// in:  $ids LIST<INTEGER>, $depth INTEGER, $above INTEGER
// out: id INTEGER, distance INTEGER
UNWIND $ids AS id
MATCH (c:Composition) WHERE id(c) = id
MATCH path = (c)-[:RATED_TYPES]-{1,4}(reached)
WHERE length(path) <= $depth AND all(r IN relationships(path) WHERE r.consensus >= $above)
  AND NOT id(reached) IN $ids
RETURN id(reached) AS id, min(length(path)) AS distance
ORDER BY distance, id
