// How much some compositions tell, from 0 to 1.
// in:  $ids LIST<INTEGER>
// out: id INTEGER, telling FLOAT
UNWIND $ids AS id
MATCH (c:Composition) WHERE id(c) = id
CALL (c) {
  TELLING(c)
}
RETURN id, telling
