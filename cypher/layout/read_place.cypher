// The coordinates of one composition.
// in:  $key STRING
// out: quaternion LIST<FLOAT>, spectral LIST<FLOAT>
MATCH (c:Composition {key: $key})
RETURN c.quaternion AS quaternion, c.spectral AS spectral
