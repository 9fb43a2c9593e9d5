// Every composition with coordinates, in the order of the keys.
// in:
// out: id INTEGER, key STRING, quaternion LIST<FLOAT>, spectral LIST<FLOAT>
MATCH (c:Composition)
WHERE c.key >= '' AND (c.spectral IS NOT NULL OR c.quaternion IS NOT NULL)
RETURN id(c) AS id, c.key AS key, c.quaternion AS quaternion, c.spectral AS spectral
ORDER BY c.key
