// The compositions nearest to a word on the sphere, or by spectral vector; distances are angles.
// in:  $word STRING, $top INTEGER, $by STRING, $pieces BOOLEAN
// out: neighbour STRING, kind STRING, distance FLOAT, stale BOOLEAN
// drawn: word_node NODE, neighbour_node NODE
// procedure: near_on_sphere(word::STRING, top = 10::INTEGER, by = sphere::STRING, pieces = false::BOOLEAN)
// example: near_on_sphere('king', 5)
CALL () {
  FIND_WORD(c, $word)
}
MATCH (p:Placement {name: 'sphere'})
MATCH (g:State {name: 'graph'})
WITH c, NOT g.settled OR g.epoch <> p.epoch AS stale
MATCH (d:Composition)
WHERE d.spectral IS NOT NULL AND d <> c AND ($pieces OR NOT d:FRAGMENT_KINDS)
// Of half the chord, whose sine is exact for near points; cosines are not.
WITH c, d, stale, c.quaternion AS a, d.quaternion AS b,
     CASE $by WHEN 'spectral' THEN vector.similarity.cosine(c.spectral, d.spectral) END AS alike
WITH c, d, stale, CASE $by WHEN 'spectral' THEN 1 - alike ELSE
     ((a[0] - b[0]) ^ 2 + (a[1] - b[1]) ^ 2 + (a[2] - b[2]) ^ 2 + (a[3] - b[3]) ^ 2) / 4 END AS half
WHERE half IS NOT NULL
ORDER BY half, d.key
LIMIT $top
RETURN d.text AS neighbour, d.kind AS kind,
       ROUNDED(2 * asin(sqrt(CASE WHEN half > 1 THEN 1.0 WHEN half < 0 THEN 0.0 ELSE half END)), 4)
         AS distance,
       stale, DRAWN(c AS word_node, d AS neighbour_node)
