// The shortest names that contain some words, and the cost of a step there: the word itself is meant, or one of its names, each as likely.
// in:  $ids LIST<INTEGER>, $breadth INTEGER
// out: id INTEGER, other INTEGER, key STRING, text STRING, kind STRING, cost INTEGER
UNWIND $ids AS id
MATCH (c:Composition) WHERE id(c) = id
CALL (c) {
  MATCH (c)<-[:HAS_WORD]-(p)
  RETURN p ORDER BY size(p.words), p.key
  LIMIT $breadth
}
RETURN id, id(p) AS other, p.key AS key, p.text AS text, p.kind AS kind,
       STEP_PRICE + toInteger(floor(5e4 * log10(1.0 + COUNT { (c)<-[:HAS_WORD]-() }))) AS cost
ORDER BY id, size(p.words), key
