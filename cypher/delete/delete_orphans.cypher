// Delete those of the compositions that still have no relationship.
// in:  $ids LIST<INTEGER>
// out: deleted INTEGER
UNWIND $ids AS id
MATCH (c:Composition) WHERE id(c) = id AND NOT EXISTS { (c)--() }
DELETE c
RETURN count(*) AS deleted
