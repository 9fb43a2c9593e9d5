// Write the coordinates of a batch of compositions.
// in:  $keys LIST<STRING>, $quaternions LIST OF LIST<FLOAT>, $spectra LIST OF LIST<FLOAT>
// out: placed INTEGER
UNWIND range(0, size($keys) - 1) AS i
MATCH (c:Composition {key: $keys[i]})
SET c.quaternion = $quaternions[i], c.spectral = $spectra[i]
RETURN count(*) AS placed
