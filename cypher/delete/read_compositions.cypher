// Compositions with their remaining evidence edges, visits and class.
// in:  $ids LIST<INTEGER>
// out: id INTEGER, key STRING, text STRING, kind STRING, known STRING, evidence INTEGER, visits INTEGER
UNWIND $ids AS id
MATCH (c:Composition) WHERE id(c) = id
RETURN id, c.key AS key, c.text AS text, c.kind AS kind, c.known AS known,
       COUNT { (c)-[:ALL_EVIDENCE]-() } AS evidence, COUNT { (c)<-[:VISITED]-() } AS visits
