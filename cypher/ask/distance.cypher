// Distances of two words in radians: along the sphere, and between their spectral vectors.
// in:  $start STRING, $end STRING
// out: start STRING, end STRING, distance FLOAT, spectral FLOAT, stale BOOLEAN
// drawn: start_node NODE, end_node NODE
// procedure: distance(start::STRING, end::STRING)
// example: distance('king', 'queen')
CALL () {
  FIND_WORD(c, $start)
}
CALL () {
  FIND_WORD(d, $end)
}
MATCH (p:Placement {name: 'sphere'})
MATCH (g:State {name: 'graph'})
WITH c, d, NOT g.settled OR g.epoch <> p.epoch AS stale
// A word without coordinates has no distance.
WHERE c.spectral IS NOT NULL AND d.spectral IS NOT NULL
WITH c, d, stale,
     c.quaternion AS a, d.quaternion AS b,
     reduce(s = 0.0, i IN range(0, size(c.spectral) - 1) | s + c.spectral[i] * d.spectral[i]) AS dot,
     reduce(s = 0.0, x IN c.spectral | s + x * x) AS squares_c,
     reduce(s = 0.0, x IN d.spectral | s + x * x) AS squares_d
WITH c, d, stale, dot / sqrt(squares_c * squares_d) AS cosine,
     (a[0] - b[0]) ^ 2 + (a[1] - b[1]) ^ 2 + (a[2] - b[2]) ^ 2 + (a[3] - b[3]) ^ 2 AS chord
RETURN c.text AS start, d.text AS end,
       ROUNDED(2 * asin(CASE WHEN chord > 4 THEN 1.0 ELSE sqrt(chord) / 2 END), 4) AS distance,
       ROUNDED(acos(CASE WHEN cosine > 1 THEN 1.0 WHEN cosine < -1 THEN -1.0 ELSE cosine END), 4)
         AS spectral,
       stale, DRAWN(c AS start_node, d AS end_node)
