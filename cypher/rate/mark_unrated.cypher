// Put compositions on the work list of the next rating pass.
// in:  $ids LIST<INTEGER>
// out:
UNWIND $ids AS id
MATCH (c:Composition) WHERE id(c) = id
SET c:Unrated
