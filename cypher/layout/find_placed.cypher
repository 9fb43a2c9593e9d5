// The compositions with coordinates.
// in:
// out: id INTEGER
MATCH (c:Composition)
WHERE c.spectral IS NOT NULL OR c.quaternion IS NOT NULL
RETURN id(c) AS id
