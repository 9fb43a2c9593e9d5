// Take compositions off the work list: their pairs are rated.
// in:  $ids LIST<INTEGER>
// out:
UNWIND $ids AS id
MATCH (c:Unrated) WHERE id(c) = id
REMOVE c:Unrated
