// The places of a source.
// in:  $source STRING
// out: source STRING, composition INTEGER, place STRING
MATCH (s:Source {name: $source})-[h:HOLDS]->(c:Composition)
RETURN s.name AS source, id(c) AS composition, h.place AS place
