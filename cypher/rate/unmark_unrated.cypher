// Remove rated compositions from the work list.
// in:  $ids LIST<INTEGER>
// out:
UNWIND $ids AS id
MATCH (c:Unrated) WHERE id(c) = id
REMOVE c:Unrated, c.due
