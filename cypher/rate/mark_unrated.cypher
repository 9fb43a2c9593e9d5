// Put compositions on the work list of the next rating pass, with all pairs that start there.
// in:  $ids LIST<INTEGER>
// out:
UNWIND $ids AS id
MATCH (c:Composition) WHERE id(c) = id
SET c:Unrated
REMOVE c.due
