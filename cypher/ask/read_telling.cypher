// How much some compositions tell, from 0 to 1.
// in:  $ids LIST<INTEGER>
// out: id INTEGER, telling FLOAT
UNWIND $ids AS id
MATCH (node:Composition) WHERE id(node) = id
WITH collect(node) AS nodes
CALL (nodes) {
  TELLING(nodes)
}
RETURN id(c) AS id, telling
