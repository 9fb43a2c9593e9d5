// The places at which sources have some compositions, and how many evidence edges and visits each source has there.
// in:  $ids LIST<INTEGER>
// out: source STRING, composition INTEGER, place STRING, own INTEGER
UNWIND $ids AS id
MATCH (c:Composition) WHERE id(c) = id
MATCH (s:Source)-[:HOLDS]->(c)
WITH DISTINCT s, c
WITH s, c, COUNT { (s)-[:VISITED]->(c) } AS visits
CALL (s, c) {
  MATCH (c)-[e:ALL_EVIDENCE {source: s.name}]-()
  RETURN count(DISTINCT e) AS edges
}
MATCH (s)-[h:HOLDS]->(c)
RETURN s.name AS source, id(c) AS composition, h.place AS place, visits + edges AS own
