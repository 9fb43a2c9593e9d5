// Take a batch of compositions off their places.
// in:  $ids LIST<INTEGER>
// out: removed INTEGER
UNWIND $ids AS id
MATCH (c:Composition) WHERE id(c) = id
REMOVE c.quaternion, c.spectral
RETURN count(*) AS removed
