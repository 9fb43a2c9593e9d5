// Remove the coordinates of a batch of compositions.
// in:  $ids LIST<INTEGER>
// out: removed INTEGER
UNWIND $ids AS id
MATCH (c:Composition) WHERE id(c) = id
REMOVE c.quaternion, c.spectral
RETURN count(*) AS removed
