// Every composition with coordinates, in the order of the keys.
// in:
// out: key STRING, text STRING, kind STRING, known STRING, community INTEGER, degree INTEGER, quaternion LIST<FLOAT>, spectral LIST<FLOAT>
MATCH (c:Composition)
WHERE c.key >= '' AND c.spectral IS NOT NULL
RETURN c.key AS key, c.text AS text, c.kind AS kind, c.known AS known,
       c.community AS community, COUNT { (c)-[:RATED_TYPE]-() } AS degree,
       c.quaternion AS quaternion, c.spectral AS spectral
ORDER BY c.key
