// Set the classes of some compositions.
// in:  $ids LIST<INTEGER>, $known LIST<STRING>
// out: changed INTEGER
UNWIND range(0, size($ids) - 1) AS i
MATCH (c:Composition) WHERE id(c) = $ids[i]
SET c.known = $known[i]
RETURN count(*) AS changed
